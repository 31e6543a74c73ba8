"""Forms that take a key in. None ever gives one back: a password field is rendered empty."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.db.models import QuerySet

from loopsweb.accounts.authorization.roles import Permission, roles_with
from loopsweb.accounts.models import User, Workspace
from loopsweb.accounts.teams.forms import WorkspaceField

PLAIN = RegexValidator(
    r"^[!-~]+$", "An API key is plain letters, digits and signs without spaces. Copy it again."
)
PASTE_AGAIN = "Paste the key again: it is never sent back to this page."


class SecretField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label="API key",
            max_length=500,
            validators=[PLAIN],
            widget=forms.PasswordInput(
                attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
            ),
        )


class ReplaceKey(forms.Form):
    secret = SecretField()


class AddKey(forms.Form):
    name = forms.CharField(
        label="Name", max_length=100, help_text="So that you know it again, such as “laptop”."
    )
    secret = SecretField()
    api_url = forms.ChoiceField(label="API URL")
    workspace = WorkspaceField(
        label="Workspace",
        queryset=Workspace.objects.none(),
        to_field_name="slug",
        empty_label=None,
        help_text="What this key sees, the workspace's team sees.",
    )
    shared = forms.BooleanField(
        label="My team may act with this key",
        required=False,
        help_text="Operators without a key of their own then create and deactivate with yours. "
        "The audit names them and the key.",
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        api_url, workspace = self.fields["api_url"], self.fields["workspace"]
        assert isinstance(api_url, forms.ChoiceField)  # noqa: S101  (narrows the type)
        assert isinstance(workspace, forms.ModelChoiceField)  # noqa: S101
        api_url.choices = [(url, url) for url in settings.LOOPSWEB_API_URLS]
        workspace.queryset = workspaces_to_add_to(person)


def workspaces_to_add_to(person: User) -> QuerySet[Workspace]:
    roles = roles_with(Permission.ADD_KEY)
    return Workspace.objects.filter(
        team__memberships__user=person, team__memberships__role__in=roles
    )
