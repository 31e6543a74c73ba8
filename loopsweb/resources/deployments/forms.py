from __future__ import annotations

from django import forms


class Deactivate(forms.Form):
    reason = forms.CharField(
        label="Reason",
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
        help_text="Kept in the audit trail, beside your name.",
    )
