"""The form that requests a clean-up of what its page showed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms

from loopsweb.resources.checkpoints.forms import MAX_DAYS
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.forms import require_words
from loopsweb.ui.forms import TypedField

MAX_REQUESTED = 1000
DELETE, EXPIRE = "delete", "expire"
METHODS = {DELETE: "delete_checkpoint", EXPIRE: "set_checkpoint_ttl"}
LABELS = {DELETE: "Delete them for good", EXPIRE: "Let them expire"}
NO_LONGER = "It is no longer among those that the rules let go."
SOONER = "It expires sooner already."


class RequestForm(forms.Form):
    """seen: the ids that the page showed, so that nobody agrees to more. `rows` has those of them
    that still go, as far as they are known. obstacles: {action: why this person cannot do it, "" if
    they can}. blocked: why they can do none, "" if they can do one."""

    once = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.JSONField(widget=forms.HiddenInput)
    action = forms.ChoiceField(
        label="What happens to them", error_messages={"required": "Choose what happens to them."}
    )
    days = forms.IntegerField(
        label="Days from now",
        min_value=1,
        max_value=MAX_DAYS,
        required=False,
        help_text="Only if they are to expire. What has expired is deleted within 24 hours, or 24 "
        "hours after its last use.",
    )
    reason = forms.CharField(
        label="Reason",
        max_length=1000,
        validators=[require_words],
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Kept in the audit trail, beside your name.",
    )
    typed = TypedField(max_length=10, inputmode="numeric")

    def __init__(
        self, data: Any = None, *, ids: Sequence[str], obstacles: Mapping[str, str], why_typed: str
    ) -> None:
        self.ids = list(ids)
        offered = [action for action, why in obstacles.items() if not why]
        self.blocked = "" if offered else next(iter(obstacles.values()))
        super().__init__(data, initial={"once": uuid.uuid4(), "seen": self.ids})
        choices = [("", "Choose"), *((one, LABELS[one]) for one in offered)]
        cast("forms.ChoiceField", self.fields["action"]).choices = choices
        if why_typed:
            cast("TypedField", self.fields["typed"]).expect(str(len(self.ids)))
            self.fields["typed"].help_text = why_typed
        else:
            del self.fields["typed"]

    def clean_seen(self) -> list[str]:
        seen = self.cleaned_data["seen"]
        if not isinstance(seen, list) or not all(isinstance(one, str) for one in seen):
            raise forms.ValidationError("The page cannot be read. Open the plan again.")
        return seen[:MAX_REQUESTED]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        action, days = cleaned.get("action"), cleaned.get("days")
        if action == EXPIRE and not days and "days" not in self.errors:
            self.add_error("days", "Say after how many days they expire.")
        if action == DELETE and days:
            self.add_error("days", "They have no days if they are deleted. Leave this empty.")
        return cleaned


def read_seen(data: Any) -> list[str]:
    """The ids that a submitted form says its page showed."""
    try:
        seen = json.loads(data.get("seen", ""))
    except (ValueError, RecursionError):
        return []
    return (
        [one for one in seen if isinstance(one, str)][:MAX_REQUESTED]
        if isinstance(seen, list)
        else []
    )


def explain_typing(rows: Sequence[Checkpoint], *, concerns_others: bool, is_used: bool) -> str:
    """Why the number has to be typed, "" where it does not."""
    if len(rows) > 1:
        return f"Several go at once: {len(rows):,}."
    if concerns_others:
        return "It is not known to be of a run of yours."
    return "Something was started from it." if is_used else ""
