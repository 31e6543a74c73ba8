from __future__ import annotations

from django import forms

from loopsweb.resources.pages import creation_form as suggestions
from loopsweb.resources.pages.creation_form import CreationForm
from loopsweb.ui.datalist import Suggesting


class NewSampler(CreationForm):
    """The API's fields in the document's order."""

    session_id = forms.CharField(label="Session", max_length=255, widget=Suggesting)
    base_model = forms.CharField(
        label="Base model", max_length=255, widget=Suggesting, help_text="Such as Qwen/Qwen3-8B."
    )
    max_seq_length = forms.IntegerField(
        label="Maximum prompt length",
        min_value=1,
        required=False,
        help_text="In tokens. Empty: the default of the base model.",
    )
    model_path = forms.CharField(
        label="Start from",
        max_length=2000,
        required=False,
        widget=Suggesting,
        help_text="A sampler checkpoint, bt://loops:RUN/sampler_weights/NAME. "
        "Empty: the base model as it is.",
    )

    def suggest(self) -> None:
        models = suggestions.base_models(self.workspace, self.catalogue)
        self.suggest_for("session_id", suggestions.sessions(self.workspace))
        self.suggest_for("base_model", models)
        self.suggest_for("model_path", suggestions.checkpoints(self.workspace, target="sampler"))

    def clean_model_path(self) -> str:
        return self.clean_target("model_path", target="sampler")
