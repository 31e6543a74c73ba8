from __future__ import annotations

from django import forms


class Note(forms.Form):
    note = forms.CharField(
        label="Why you decline",
        required=False,
        max_length=1000,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Kept in the audit trail.",
    )
