from __future__ import annotations

from django import forms

from loopsweb.accounts.models import Role, Workspace


class WorkspaceField(forms.ModelChoiceField[Workspace]):
    """Names are anybody's to choose; the slug tells two of the same name apart."""

    def label_from_instance(self, obj: Workspace) -> str:
        return f"{obj.name} ({obj.slug})"


class NameForm(forms.Form):
    """A team or a workspace."""

    name = forms.CharField(label="Name", max_length=100)


class AddMember(forms.Form):
    email = forms.EmailField(label="Email", help_text="The one they sign in with.")
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.VIEWER)


class ChangeRole(forms.Form):
    role = forms.ChoiceField(label="Role", choices=Role.choices)
