from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from loopsweb.resources.pages.creation_form import CheckpointField, GPUHolderForm
from loopsweb.ui.datalist import DatalistInput

AVAILABILITY = [("", "The API's default"), ("dedicated", "Dedicated"), ("spot", "Spot")]
CAP_ON_NEWER_SERVERS = 3600


class NewRun(GPUHolderForm):
    """The API's fields in the document's order, with its defaults; undocumented ones after them."""

    max_seq_len = forms.IntegerField(
        label="Maximum sequence length",
        min_value=1,
        required=False,
        initial=131_072,
        help_text="In tokens, for the longest training example you will send.",
    )
    lora_rank = forms.IntegerField(label="LoRA rank", min_value=1, required=False, initial=64)
    seed = forms.IntegerField(label="Seed", required=False, help_text="For reproducibility.")
    scale_down_delay_seconds = forms.IntegerField(
        label="Scale-down delay, seconds",
        min_value=1,
        required=False,
        initial=3600,
        help_text="Idle time before the run releases its GPUs. Until then it is billed.",
    )
    path = CheckpointField(
        label="Resume from",
        target="trainer",
        help_text="A trainer checkpoint, bt://loops:RUN/weights/NAME. "
        "Leave empty to start from the base model.",
    )
    name = forms.CharField(label="Name", max_length=255, required=False)
    availability_model = forms.ChoiceField(
        label="Availability",
        choices=AVAILABILITY,
        required=False,
        help_text="Spot is cheaper and may be preempted.",
    )
    replicas = forms.IntegerField(label="Replicas", min_value=1, required=False)
    reuse_from_run_id = forms.CharField(
        label="Reuse from run", max_length=255, required=False, widget=DatalistInput
    )
    undocumented_fields = ("name", "availability_model", "replicas", "reuse_from_run_id")

    def clean_scale_down_delay_seconds(self) -> int | None:
        delay: int | None = self.cleaned_data["scale_down_delay_seconds"]
        if delay and delay > CAP_ON_NEWER_SERVERS and "name" in self.fields:
            raise ValidationError(f"This server takes at most {CAP_ON_NEWER_SERVERS} seconds.")
        return delay

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        length, model = cleaned.get("max_seq_len"), cleaned.get("base_model", "")
        longest = self.catalogue and self.catalogue.max_context_length(model)
        if length and longest and length > longest:
            self.add_error("max_seq_len", f"{model} takes at most {longest} tokens.")
        return cleaned
