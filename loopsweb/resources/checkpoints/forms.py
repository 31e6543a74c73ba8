from __future__ import annotations

from typing import Any

from django import forms

MAX_DAYS = 3650  # the API's limit of 315,360,000 seconds


class ExpiryForm(forms.Form):
    expiry = forms.ChoiceField(
        label="Expiry", choices=[("", "Choose"), ("never", "Keep it"), ("days", "Let it expire")]
    )
    days = forms.IntegerField(
        label="Days from now",
        min_value=1,
        max_value=MAX_DAYS,
        required=False,
        help_text="What has expired is deleted within 24 hours, or 24 hours after its last use.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen, days = cleaned.get("expiry"), cleaned.get("days")
        if chosen == "days" and not days and "days" not in self.errors:
            self.add_error("days", "Say after how many days it expires.")
        if chosen == "never" and days:
            self.add_error("days", "It has no days if it is kept. Leave this empty.")
        return cleaned
