from __future__ import annotations

from typing import Any, cast

from django import forms

from loopsweb.accounts.authorization.roles import Permission, list_roles_with
from loopsweb.accounts.models import User, Workspace
from loopsweb.accounts.teams.forms import WorkspaceField
from loopsweb.json_api.tokens.models import Scope
from loopsweb.ui.visible_text import validate_visible

LIFETIMES = [(7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "1 year")]


class CreateTokenForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=100,
        validators=[validate_visible],
        help_text="What will use it, such as “nightly report”.",
    )
    workspace = WorkspaceField(
        help_text="The token gives access to this workspace only, while you are a member."
    )
    scope = forms.ChoiceField(
        label="Scope",
        choices=Scope.choices,
        initial=Scope.READ,
        help_text="“Read and act” can also deactivate deployments, runs and samplers, as your "
        "role and your team's policy allow. The audit trail records it under your name.",
    )
    days = forms.TypedChoiceField(label="Valid for", choices=LIFETIMES, coerce=int, initial=30)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        workspace = cast("WorkspaceField", self.fields["workspace"])
        workspace.queryset = Workspace.objects.filter(team__memberships__user=person)
        self.person = person

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("scope") == Scope.ACT and "workspace" in given:
            memberships = given["workspace"].team.memberships.filter(user=self.person)
            if not memberships.filter(role__in=list_roles_with(Permission.DEACTIVATE)).exists():
                self.add_error("scope", "Your role in this workspace is read-only.")
        return given
