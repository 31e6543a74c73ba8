from __future__ import annotations

from typing import Any

from django import forms

from loopsweb.accounts.authorization.roles import Permission, roles_with
from loopsweb.accounts.models import Membership, User, Workspace
from loopsweb.accounts.teams.forms import WorkspaceField
from loopsweb.json_api.tokens.models import Scope

LIVES = [(7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "a year")]


class MakeToken(forms.Form):
    name = forms.CharField(
        label="Name", max_length=100, help_text="What will use it, such as “nightly report”."
    )
    workspace = WorkspaceField(
        label="Workspace",
        queryset=Workspace.objects.none(),
        to_field_name="slug",
        empty_label=None,
        help_text="The token opens this workspace alone, as long as you may enter it.",
    )
    scope = forms.ChoiceField(
        label="May",
        choices=Scope.choices,
        initial=Scope.READ,
        help_text="Acting is ending deployments, runs and samplers, as far as your role and your "
        "team's policy let you. It is written to the audit trail in your name.",
    )
    days = forms.TypedChoiceField(label="Works for", choices=LIVES, coerce=int, initial=30)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        workspace = self.fields["workspace"]
        assert isinstance(workspace, forms.ModelChoiceField)  # noqa: S101  (narrows the type)
        workspace.queryset = Workspace.objects.filter(team__memberships__user=person)
        self.person = person

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("scope") == Scope.ACT and "workspace" in given:
            able = Membership.objects.filter(
                team=given["workspace"].team,
                user=self.person,
                role__in=roles_with(Permission.DEACTIVATE),
            )
            if not able.exists():
                self.add_error("scope", "Your role in this workspace only reads.")
        return given
