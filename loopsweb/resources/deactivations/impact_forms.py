"""Forms that carry what the page showed, and the note of a decision."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django import forms

from loopsweb.resources.deactivations.impact import Impact

CHANGED = "More would be deactivated or lost than this page showed. Review it again."


class ForeseenForm(forms.Form):
    """Carries what the page showed, so that nobody agrees to more than they saw."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    is_seen_required = False

    def __init__(
        self,
        data: Any = None,
        *,
        foreseen: dict[str, Any],
        has_additions: Callable[[Any], object],
        **options: Any,
    ) -> None:
        self.foreseen, self.has_additions, self.is_stale = foreseen, has_additions, False
        initial = options.pop("initial", {}) | {"seen": json.dumps(foreseen)}
        super().__init__(data, initial=initial, **options)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        seen = cleaned.get("seen_now") or cleaned.get("seen", "")
        self.is_stale = self.shows_more_than(seen) if seen else self.is_seen_required
        if self.is_stale:
            self.add_error(None, CHANGED)
        return cleaned

    def shows_more_than(self, seen: str) -> bool:
        try:
            return bool(self.has_additions(json.loads(seen)))
        except (ValueError, TypeError, AttributeError, RecursionError):
            return True

    def show_again(self) -> None:
        """After a refusal the page shows what holds now, and so does the form."""
        self.data = {**dict(self.data.items()), "seen": json.dumps(self.foreseen)}


class ImpactForm(ForeseenForm):
    def __init__(self, data: Any = None, *, impact: Impact) -> None:
        self.impact = impact
        super().__init__(data, foreseen=impact.foreseen, has_additions=self.find_additions)

    def find_additions(self, seen: dict[Any, Any]) -> dict[str, list[str]]:
        foreseen = {str(name): list(ids) for name, ids in seen.items()}
        return self.impact.find_additions(foreseen)

    def find_changes(self, seen: str) -> dict[str, list[str]]:
        """What is new since the person was shown `seen`; nothing if that cannot be read."""
        try:
            return self.find_additions(json.loads(seen)) if seen else {}
        except (ValueError, TypeError, AttributeError, RecursionError):
            return {}


class ApproveForm(ImpactForm):
    is_seen_required = True  # whoever approves must have seen what ends


class NoteForm(forms.Form):
    note = forms.CharField(
        label="Reason for declining",
        required=False,
        max_length=1000,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Kept in the audit trail.",
    )
