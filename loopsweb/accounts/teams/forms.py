from __future__ import annotations

from django import forms

from loopsweb.accounts.models import Role, Workspace
from loopsweb.ui.visible_text import validate_email_letters, validate_visible


class WorkspaceField(forms.ModelChoiceField[Workspace]):
    """Shows the slug too: workspaces of different teams can have the same name.

    Forms set the queryset once they know the person.
    """

    def __init__(self, *, help_text: str) -> None:
        none = Workspace.objects.none()
        super().__init__(none, to_field_name="slug", empty_label=None, help_text=help_text)

    def label_from_instance(self, obj: Workspace) -> str:
        return f"{obj.name} ({obj.slug})"


class NameForm(forms.Form):
    """The name of a team or a workspace. It appears in emails, so it has to be one line."""

    name = forms.CharField(label="Name", max_length=100, validators=[validate_visible])


class MemberForm(forms.Form):
    """To add or invite a person."""

    email = forms.EmailField(
        label="Email",
        max_length=254,
        validators=[validate_email_letters],
        help_text="The email they sign in with.",
    )
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.VIEWER)


class ChangeRoleForm(forms.Form):
    role = forms.ChoiceField(label="Role", choices=Role.choices)
