"""Forms that accept a key. They never send one back: password fields render empty."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.db.models import QuerySet

from loopsweb.accounts.authorization.roles import Permission, list_roles_with
from loopsweb.accounts.models import Membership, User, Workspace
from loopsweb.accounts.teams.forms import WorkspaceField
from loopsweb.ui.exact_input import AS_TYPED
from loopsweb.ui.visible_text import validate_visible

PRINTABLE_ASCII = RegexValidator(
    r"^[!-~]+$", "An API key has only letters, digits and punctuation, no spaces. Copy it again."
)
PASTE_AGAIN = "Paste the key again. It is never sent back to this page."


class SecretField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label="API key",
            max_length=500,
            validators=[PRINTABLE_ASCII],
            widget=forms.PasswordInput(AS_TYPED),
        )


class ReplaceKeyForm(forms.Form):
    secret = SecretField()


class AddKeyForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=100,
        validators=[validate_visible],
        help_text="To recognise it later, such as “laptop”.",
    )
    secret = SecretField()
    api_url = forms.ChoiceField(
        label="API URL", choices=lambda: [(url, url) for url in settings.LOOPSWEB_API_URLS]
    )
    workspace = WorkspaceField(help_text="The workspace's team sees everything this key can see.")
    shared = forms.BooleanField(
        label="My team may act with this key",
        required=False,
        help_text="Operators without a key of their own then create and deactivate with yours. "
        "The audit trail records the operator and the key.",
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        workspace = cast("WorkspaceField", self.fields["workspace"])
        workspace.queryset = list_workspaces_for_keys(person)


def list_workspaces_for_keys(person: User) -> QuerySet[Workspace]:
    roles = list_roles_with(Permission.ADD_KEY)
    memberships = Membership.objects.filter(user=person, role__in=roles)
    return Workspace.objects.filter(team__memberships__in=memberships)
