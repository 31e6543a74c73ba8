from __future__ import annotations

from django import forms

from loopsweb.resources.pages.creation_form import CheckpointField, GPUHolderForm


class NewSampler(GPUHolderForm):
    """The API's fields in the document's order."""

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
