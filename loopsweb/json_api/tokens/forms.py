from __future__ import annotations

from typing import Any

from django import forms

from loopsweb.accounts.forms import WorkspaceField
from loopsweb.accounts.models import User, Workspace

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
        help_text="The token reads this workspace alone, as long as you may.",
    )
    days = forms.TypedChoiceField(label="Works for", choices=LIVES, coerce=int, initial=30)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        workspace = self.fields["workspace"]
        assert isinstance(workspace, forms.ModelChoiceField)  # noqa: S101  (narrows the type)
        workspace.queryset = Workspace.objects.filter(team__memberships__user=person)
