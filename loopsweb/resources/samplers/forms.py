from __future__ import annotations

from typing import Any

from django import forms

from loopsweb.resources.pages.creation_form import (
    AvailabilityField,
    CapacityField,
    CheckpointField,
    GPUHolderForm,
)
from loopsweb.ui.datalist import DatalistInput


class NewSampler(GPUHolderForm):
    """The API's fields in the document's order; undocumented ones after them."""

    max_seq_length = forms.IntegerField(
        label="Maximum prompt length",
        min_value=1,
        required=False,
        help_text="In tokens. Leave empty for the default of the base model.",
    )
    model_path = CheckpointField(
        label="Start from",
        target="sampler",
        help_text="A sampler checkpoint, bt://loops:RUN/sampler_weights/NAME. "
        "Leave empty for the base model itself.",
    )
    run_id = forms.CharField(
        label="Attach to run",
        max_length=255,
        required=False,
        widget=DatalistInput,
        help_text="It becomes that run's sampler, with its base model, and ends with it. "
        "Leave empty for a standalone sampler.",
    )
    scope = CapacityField()
    availability_model = AvailabilityField()
    num_replicas = forms.IntegerField(label="Replicas", min_value=1, required=False)
    undocumented_fields = ("run_id", "scope", "availability_model", "num_replicas")
    dedicated_fields = ("availability_model", "num_replicas")
    layout = (
        ("What to sample from", ("base_model", "model_path", "run_id", "session_id")),
        ("Where it runs", ("scope", "availability_model", "num_replicas")),
        ("Limits", ("max_seq_length",)),
    )
    length_field = "max_seq_length"
    replica_fields = {"sampler": "num_replicas"}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.takes_undocumented:
            self.fields["base_model"].required = False
            self.fields["base_model"].help_text += " It can be left empty with a run to attach to."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "base_model" in cleaned and not (cleaned["base_model"] or cleaned.get("run_id")):
            self.add_error("base_model", "Choose a base model, or a run to attach to.")
        return cleaned
