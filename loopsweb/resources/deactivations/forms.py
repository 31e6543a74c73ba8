from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.html import escape

from loopsweb.resources.deactivations.demands import Demands
from loopsweb.resources.deactivations.policies import Policy
from loopsweb.resources.deactivations.preflight import Preflight

LOOK_LIKE_NOTHING = "\u115f\u1160\u3164\uffa0"  # fillers that count as letters
CHANGED = "It would end or lose more than when you opened this page. Look again, then decide."


class Seen(forms.Form):
    """Carries what the page showed, so that nobody agrees to more than they saw."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, shown: Preflight) -> None:
        self.shown, self.is_stale = shown, False
        super().__init__(data, initial={"seen": json.dumps(shown.foreseen)})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.is_stale = bool(cleaned.get("seen")) and self.shows_more_than(cleaned["seen"])
        if self.is_stale:
            self.add_error(None, CHANGED)
        return cleaned

    def shows_more_than(self, seen: str) -> bool:
        try:
            foreseen = {str(name): list(ids) for name, ids in json.loads(seen).items()}
            return bool(self.shown.beyond(foreseen))
        except (ValueError, TypeError, AttributeError, RecursionError):
            return True

    def show_again(self) -> None:
        """After a refusal the page shows what is so now, and so does the form."""
        self.data = {**dict(self.data.items()), "seen": json.dumps(self.shown.foreseen)}


class Approve(Seen):
    """Who approves must have been shown what ends."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.is_stale and not cleaned.get("seen"):
            self.is_stale = True
            self.add_error(None, CHANGED)
        return cleaned


def in_words(reason: str) -> None:
    if not any(sign.isalnum() and sign not in LOOK_LIKE_NOTHING for sign in reason):
        raise forms.ValidationError("Say why, in words.")


class Deactivate(Seen):
    reason = forms.CharField(
        label="Reason",
        max_length=1000,
        validators=[in_words],
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Say why."},
        help_text="Kept in the audit trail, beside your name.",
    )
    typed = forms.CharField(
        label="Type its ID to confirm",
        max_length=255,
        error_messages={"required": "Type its ID."},
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    break_glass = forms.BooleanField(required=False)  # the value of a button of its own

    def __init__(
        self,
        data: Any = None,
        *,
        shown: Preflight,
        policy: Policy,
        asked: Demands,
        may_break_glass: bool,
    ) -> None:
        super().__init__(data, shown=shown)
        self.policy, self.asked, self.may_break_glass = policy, asked, may_break_glass
        self.fields["reason"].required = asked.reason
        if asked.typing:
            self.fields["typed"].help_text = escape(asked.typing)
        else:
            del self.fields["typed"]
        if not (may_break_glass and asked.stands_in_the_way):
            del self.fields["break_glass"]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.shown.target.remote_id:
            raise forms.ValidationError("This is not its ID. Nothing was done.")
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("break_glass") and not cleaned.get("reason"):
            self.add_error("reason", "Say why this could not wait.")
        elif self.asked.refused and not cleaned.get("break_glass"):
            self.add_error(None, f"{self.asked.refused} An admin can take the protection away.")
        return cleaned
