"""The base of the creation forms: idempotency key, suggestions, checkpoint URIs."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api.uris import CheckpointURI
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.runs.models import Run
from loopsweb.resources.sessions.models import Session
from loopsweb.ui.datalist import DatalistInput

MAX_SUGGESTIONS = 100
WEIGHTS = {
    "trainer": "trainer weights (bt://loops:…/weights/…)",
    "sampler": "sampler weights (bt://loops:…/sampler_weights/…)",
}


class CheckpointField(forms.CharField):
    """Takes the bt:// URI of weights for `target`, and cleans it to the newest spelling."""

    def __init__(self, *, target: str, **options: Any) -> None:
        super().__init__(max_length=2000, required=False, widget=DatalistInput, **options)
        self.target = target

    def clean(self, value: Any) -> str:
        typed: str = super().clean(value)
        if not typed:
            return ""
        try:
            uri = CheckpointURI.parse(typed)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        if uri.target != self.target:
            raise ValidationError(
                f"These are {WEIGHTS[uri.target]}; this field takes {WEIGHTS[self.target]}. "
                "A name such as step-100 often exists as both."
            )
        return str(uri)


class CreationForm(forms.Form):
    """`once` is the idempotency key: a form submitted twice is carried out once.

    `takes_undocumented`: the server is known to accept the `undocumented_fields`.
    """

    once = forms.UUIDField(widget=forms.HiddenInput)
    undocumented_fields: tuple[str, ...] = ()

    def __init__(
        self,
        data: Any = None,
        *,
        workspace: Workspace,
        takes_undocumented: bool,
        initial: dict[str, Any],
    ) -> None:
        super().__init__(data, initial={"once": uuid.uuid4(), **initial})
        self.workspace = workspace
        self.catalogue = Catalogue.objects.filter(workspace=workspace).first()
        if not takes_undocumented:
            for name in self.undocumented_fields:
                del self.fields[name]

    def renew_idempotency_key(self) -> None:
        """Allow another try, with everything typed kept."""
        self.data = {**{name: self.data[name] for name in self.data}, "once": str(uuid.uuid4())}

    def api_fields(self) -> dict[str, Any]:
        """The fields to send. An empty one is None and leaves the default to the API."""
        names = [name for name in self.declared_fields if name != "once"]
        given = {name: self.cleaned_data.get(name) for name in names}
        return {name: None if value == "" else value for name, value in given.items()}


class GPUHolderForm(CreationForm):
    """The fields that runs and samplers have in common."""

    session_id = forms.CharField(label="Session", max_length=255, widget=DatalistInput)
    base_model = forms.CharField(
        label="Base model",
        max_length=255,
        widget=DatalistInput,
        help_text="For example Qwen/Qwen3-8B.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.suggest("session_id", suggest_sessions(self.workspace))
        self.suggest("base_model", suggest_base_models(self.workspace, self.catalogue))
        for name, field in self.fields.items():
            if isinstance(field, CheckpointField):
                self.suggest(name, suggest_checkpoints(self.workspace, target=field.target))

    def suggest(self, name: str, suggestions: list[tuple[str, str]]) -> None:
        cast("DatalistInput", self.fields[name].widget).suggestions = suggestions


def suggest_sessions(workspace: Workspace) -> list[tuple[str, str]]:
    newest = Session.objects.in_workspace(workspace).order_by("-first_seen_at", "-pk")
    return [(one.remote_id, one.get_origin_display()) for one in newest[:MAX_SUGGESTIONS]]


def suggest_base_models(workspace: Workspace, catalogue: Catalogue | None) -> list[tuple[str, str]]:
    """The models the server supports; where it does not say, those of known runs."""
    if catalogue and catalogue.supported_models:
        return [
            (model["model_name"], f"up to {model['max_context_length']} tokens")
            for model in catalogue.supported_models
        ]
    used = Run.objects.in_workspace(workspace).exclude(base_model="")
    names = used.order_by("base_model").values_list("base_model", flat=True).distinct()
    return [(name, "used by a run") for name in names[:MAX_SUGGESTIONS]]


def suggest_checkpoints(workspace: Workspace, *, target: str) -> list[tuple[str, str]]:
    """The newest that are listed and fully saved."""
    rows = Checkpoint.objects.in_workspace(workspace).filter(target=target, missing_since=None)
    newest = rows.exclude(sync_status="SYNCING").order_by("-created_at", "-pk")
    return [(one.uri, one.base_model) for one in newest[:MAX_SUGGESTIONS] if one.uri]
