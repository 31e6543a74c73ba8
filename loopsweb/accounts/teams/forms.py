from __future__ import annotations

from django import forms
from django.core.validators import RegexValidator

from loopsweb.accounts.models import Role, Workspace


class WorkspaceField(forms.ModelChoiceField[Workspace]):
    """Shows the slug too: workspaces of different teams can have the same name.

    Forms set the queryset once they know the person.
    """

    def __init__(self, *, help_text: str) -> None:
        none = Workspace.objects.none()
        super().__init__(none, to_field_name="slug", empty_label=None, help_text=help_text)

    def label_from_instance(self, obj: Workspace) -> str:
        return f"{obj.name} ({obj.slug})"


ONE_LINE = RegexValidator(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029]",
    "Enter a single line, without line breaks or control characters.",
    inverse_match=True,
)


class NameForm(forms.Form):
    """The name of a team or a workspace. It appears in emails, so it has to be one line."""

    name = forms.CharField(label="Name", max_length=100, validators=[ONE_LINE])


class MemberForm(forms.Form):
    """To add or invite a person."""

    email = forms.EmailField(
        label="Email", max_length=254, help_text="The email they sign in with."
    )
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.VIEWER)


class ChangeRoleForm(forms.Form):
    role = forms.ChoiceField(label="Role", choices=Role.choices)
