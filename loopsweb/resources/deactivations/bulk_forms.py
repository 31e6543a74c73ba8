from __future__ import annotations

import json
import uuid
from typing import Any

from django import forms

from loopsweb.resources.deactivations.forms import CHANGED, Deactivate
from loopsweb.resources.deactivations.policies import Policy
from loopsweb.resources.deactivations.previews import Preview


class BulkDeactivate(forms.Form):
    """Always asks for the number, so that nobody ends more than they think they selected."""

    once = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = Deactivate.base_fields["reason"]
    typed = forms.CharField(
        max_length=10,
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "numeric"}),
        help_text="The number of those that are asked for.",
    )

    def __init__(self, data: Any = None, *, preview: Preview, policy: Policy) -> None:
        self.preview, self.policy, self.is_stale = preview, policy, False
        self.number = len(preview.asked_for)
        first = {"once": uuid.uuid4(), "seen": json.dumps(preview.foreseen)}
        super().__init__(data, initial=first)
        self.fields["reason"].required = policy.reason_required
        self.fields["typed"].label = f"Type {self.number} to confirm"

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != str(self.number):
            raise forms.ValidationError(f"{self.number} are asked for. Nothing was done.")
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.is_stale = self.shows_more_than(cleaned.get("seen", ""))
        if self.is_stale:
            self.add_error(None, CHANGED)
        return cleaned

    def shows_more_than(self, seen: str) -> bool:
        try:
            return self.preview.is_beyond(json.loads(seen))
        except (ValueError, TypeError, AttributeError, RecursionError):
            return True

    def show_again(self) -> None:
        self.data = {**dict(self.data.items()), "seen": json.dumps(self.preview.foreseen)}
