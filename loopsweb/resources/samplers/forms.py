from __future__ import annotations

from django import forms

from loopsweb.resources.pages import creation_form as suggestions
from loopsweb.resources.pages.creation_form import CreationForm
from loopsweb.ui.datalist import DatalistInput


class NewSampler(CreationForm):
    """The API's fields in the document's order."""

    session_id = forms.CharField(label="Session", max_length=255, widget=DatalistInput)
    base_model = forms.CharField(
        label="Base model",
        max_length=255,
        widget=DatalistInput,
        help_text="For example Qwen/Qwen3-8B.",
    )
    max_seq_length = forms.IntegerField(
        label="Maximum prompt length",
        min_value=1,
        required=False,
        help_text="In tokens. Leave empty for the default of the base model.",
    )
    model_path = forms.CharField(
        label="Start from",
        max_length=2000,
        required=False,
        widget=DatalistInput,
        help_text="A sampler checkpoint, bt://loops:RUN/sampler_weights/NAME. "
        "Leave empty for the base model itself.",
    )

    def suggest(self) -> None:
        models = suggestions.suggest_base_models(self.workspace, self.catalogue)
        self.suggest_for("session_id", suggestions.suggest_sessions(self.workspace))
        self.suggest_for("base_model", models)
        self.suggest_for(
            "model_path", suggestions.suggest_checkpoints(self.workspace, target="sampler")
        )

    def clean_model_path(self) -> str:
        return self.clean_checkpoint_uri("model_path", target="sampler")
