from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from loopsweb.resources.pages.creation_form import (
    DELAY_CAP,
    AvailabilityField,
    CapacityField,
    CheckpointField,
    GPUHolderForm,
)
from loopsweb.ui.datalist import DatalistInput
from loopsweb.ui.exact_input import ExactInput

BASE_CHECKPOINT = re.compile(r"hf://[^/@\s]+/[^/@\s]+(@[^/@\s]+)?")


class NewRun(GPUHolderForm):
    """The API's fields in the document's order; undocumented ones after them."""

    max_seq_len = forms.IntegerField(
        label="Maximum sequence length",
        min_value=1,
        required=False,
        help_text="In tokens, for the longest training example you will send. Left empty, a newer "
        "server takes the model's own maximum, an older one 131,072.",
    )
    lora_rank = forms.IntegerField(
        label="LoRA rank",
        min_value=1,
        required=False,
        help_text="Left empty, the server takes its default, which the API documents as 64.",
    )
    seed = forms.IntegerField(label="Seed", required=False, help_text="For reproducibility.")
    scale_down_delay_seconds = forms.IntegerField(
        label="Scale-down delay, seconds",
        min_value=1,
        required=False,
        help_text="Idle time before the run releases its GPUs. Until then they are billed. "
        "Left empty, a newer server takes 900 seconds, an older one 3600. Newer servers take 3600 "
        "at most.",
    )
    path = CheckpointField(
        label="Resume from",
        target="trainer",
        help_text="A trainer checkpoint, bt://loops:RUN/weights/NAME. "
        "Leave empty to start from the base model.",
    )
    name = forms.CharField(label="Name", max_length=255, required=False)
    scope = CapacityField()
    availability_model = AvailabilityField()
    replicas = forms.IntegerField(label="Replicas", min_value=1, required=False)
    sampler_num_replicas = forms.IntegerField(
        label="Replicas of the sampler", min_value=1, required=False
    )
    reuse_from_run_id = forms.CharField(
        label="Reuse from run", max_length=255, required=False, widget=DatalistInput
    )
    trainer_only = forms.BooleanField(
        label="Without a sampler",
        required=False,
        help_text="You can attach one later: create a sampler and name this run.",
    )
    base_checkpoint = forms.CharField(
        label="Start from Hugging Face weights",
        max_length=500,
        required=False,
        widget=ExactInput,
        help_text="hf://ORGANISATION/REPOSITORY, or with @REVISION. Without a sampler only.",
    )
    undocumented_fields = (
        "name",
        "scope",
        "availability_model",
        "replicas",
        "sampler_num_replicas",
        "reuse_from_run_id",
        "trainer_only",
        "base_checkpoint",
    )
    dedicated_fields = ("availability_model", "replicas", "sampler_num_replicas")
    layout = (
        ("What to train", ("base_model", "path", "name", "session_id")),
        (
            "Where it runs",
            ("scope", "availability_model", "replicas", "trainer_only", "sampler_num_replicas"),
        ),
        ("LoRA", ("lora_rank",)),
        ("Limits", ("max_seq_len", "scale_down_delay_seconds")),
        ("Advanced", ("seed", "reuse_from_run_id", "base_checkpoint")),
    )
    length_field = "max_seq_len"
    replica_fields = {"trainer": "replicas", "sampler": "sampler_num_replicas"}

    def count_replicas(self) -> dict[str, int]:
        counts = super().count_replicas()
        if "trainer_only" in self.fields and self["trainer_only"].value():
            del counts["sampler"]
        return counts

    def clean_scale_down_delay_seconds(self) -> int | None:
        delay: int | None = self.cleaned_data["scale_down_delay_seconds"]
        if delay and delay > DELAY_CAP and self.takes_undocumented:
            raise ValidationError(f"This server takes at most {DELAY_CAP} seconds.")
        return delay

    def clean_base_checkpoint(self) -> str:
        typed: str = self.cleaned_data["base_checkpoint"]
        if typed and not BASE_CHECKPOINT.fullmatch(typed):
            raise ValidationError(
                "This looks like hf://organisation/repository or "
                "hf://organisation/repository@revision."
            )
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("trainer_only") and cleaned.get("sampler_num_replicas"):
            self.add_error("sampler_num_replicas", "There is no sampler to replicate.")
        if cleaned.get("base_checkpoint") and not cleaned.get("trainer_only"):
            self.add_error("base_checkpoint", "Only a run without a sampler can start from it.")
        return cleaned
