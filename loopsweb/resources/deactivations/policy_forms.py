"""The forms of policies and protections."""

from __future__ import annotations

from typing import Any

from django import forms

from loopsweb.resources.deactivations.forms import require_words
from loopsweb.resources.deactivations.models import Policy


class PolicyForm(forms.ModelForm[Policy]):
    class Meta:
        model = Policy
        fields = (
            "reason_required", "approve_protected", "approve_others", "approval_hours",
            "undo_seconds",
        )  # fmt: skip


class ProtectForm(forms.Form):
    protect = forms.CharField(initial="on", widget=forms.HiddenInput)
    note = forms.CharField(label="Why", required=False, max_length=500)


class LiftForm(forms.Form):
    note = forms.CharField(
        label="Reason",
        max_length=500,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Kept in the audit trail, beside your name.",
    )
    break_glass = forms.BooleanField(required=False)  # the value of a button of its own

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("break_glass") and "note" in cleaned:
            try:
                require_words(cleaned["note"])
            except forms.ValidationError:
                self.add_error("note", "Enter why this could not wait.")
        return cleaned
