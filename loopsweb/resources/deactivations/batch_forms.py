"""The form of several deactivations at once."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django import forms

from loopsweb.accounts.models import Workspace
from loopsweb.resources.deactivations.forms import DeactivateForm
from loopsweb.resources.deactivations.impact import Impact
from loopsweb.resources.deactivations.impact_forms import ForeseenForm
from loopsweb.resources.deactivations.models import Policy
from loopsweb.resources.deactivations.selections import Selection
from loopsweb.resources.deactivations.wait_forms import WaitFields
from loopsweb.ui.forms import TypedField


class BatchForm(WaitFields, ForeseenForm):
    """Always asks for the number, so that nobody ends more than they think they selected."""

    once = forms.UUIDField(widget=forms.HiddenInput)
    reason = DeactivateForm.base_fields["reason"]
    typed = TypedField(
        max_length=10, inputmode="numeric", help_text="How many you are about to deactivate."
    )
    is_seen_required = True
    field_order = ("once", "seen", "reason", "typed")

    def list_impacts(self) -> list[Impact]:
        return self.selection.impacts

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields above the buttons."""
        return [self[name] for name in self.field_order]

    def __init__(
        self, data: Any = None, *, selection: Selection, policy: Policy, workspace: Workspace
    ) -> None:
        self.selection, self.policy = selection, policy
        self.number = len(selection.requested)
        self.workspace = workspace
        super().__init__(
            data,
            foreseen=selection.foreseen,
            has_additions=selection.has_additions,
            initial={"once": uuid.uuid4()},
        )
        self.fields["reason"].required = policy.reason_required
        cast("TypedField", self.fields["typed"]).expect(str(self.number))
