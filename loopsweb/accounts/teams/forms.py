from __future__ import annotations

from django import forms
from django.core.validators import RegexValidator

from loopsweb.accounts.models import Role, Workspace


class WorkspaceField(forms.ModelChoiceField[Workspace]):
    """Names are anybody's to choose; the slug tells two of the same name apart."""

    def label_from_instance(self, obj: Workspace) -> str:
        return f"{obj.name} ({obj.slug})"


ONE_LINE = RegexValidator(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029]",
    "A name is one line of text. Take out line breaks and control characters.",
    inverse_match=True,
)
LONGEST_EMAIL = 254


class NameForm(forms.Form):
    """A team or a workspace. Its name goes into mail."""

    name = forms.CharField(label="Name", max_length=100, validators=[ONE_LINE])


class AddMember(forms.Form):
    email = forms.EmailField(
        label="Email", max_length=LONGEST_EMAIL, help_text="The one they sign in with."
    )
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.VIEWER)


class ChangeRole(forms.Form):
    role = forms.ChoiceField(label="Role", choices=Role.choices)
