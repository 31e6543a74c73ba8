"""The forms of clean-ups."""

from __future__ import annotations

from typing import Any

from django import forms

from loopsweb.resources.cleanups.plan import Rules
from loopsweb.ui.exact_input import ExactInput

MAX_DAYS = 36_500
MAX_NEWEST = 10_000
MAX_EVERY = 10**12
MAX_ID = 255


class PinForm(forms.Form):
    """wanted: what the button said, so that the second of two people who pin does not unpin."""

    wanted = forms.ChoiceField(
        choices=[("pin", "Pin"), ("unpin", "Unpin")], widget=forms.HiddenInput
    )
    note = forms.CharField(
        label="Reason",
        required=False,
        max_length=500,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Kept in the audit trail, beside your name.",
    )


class RulesForm(forms.Form):
    """The rules, from the URL."""

    newest = forms.IntegerField(
        label="Keep the newest",
        min_value=0,
        max_value=MAX_NEWEST,
        help_text="Of each run: trainer and sampler weights are counted apart. What cannot be "
        "loaded or is not synced does not count.",
    )
    every = forms.IntegerField(
        label="Keep every … steps",
        min_value=1,
        max_value=MAX_EVERY,
        required=False,
        help_text="500 keeps step-500, step-1000 and so on.",
    )
    older_than = forms.IntegerField(
        label="Older than, in days", min_value=0, max_value=MAX_DAYS, required=False
    )
    run_id = forms.CharField(label="Run ID", max_length=MAX_ID, required=False, widget=ExactInput)
    base_model = forms.CharField(
        label="Base model", max_length=MAX_ID, required=False, widget=ExactInput
    )
    owner = forms.CharField(
        label="Owner of the run", max_length=MAX_ID, required=False, widget=ExactInput
    )
    target = forms.ChoiceField(
        label="Weights",
        choices=[("", "Trainer and sampler"), ("trainer", "Trainer"), ("sampler", "Sampler")],
        required=False,
    )
    checkpoint = forms.CharField(
        label="Checkpoint ID", max_length=MAX_ID, required=False, widget=ExactInput
    )

    def __init__(self, data: Any) -> None:
        given = {name: data[name] for name in data if name in self.base_fields}
        super().__init__({"newest": Rules.newest} | given)

    @property
    def rules(self) -> Rules:
        return Rules(**self.cleaned_data)
