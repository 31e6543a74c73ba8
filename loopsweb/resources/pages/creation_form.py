"""What the creation forms share: the submission id, suggestions, checkpoint URIs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

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


class CreationForm(forms.Form):
    """`once` is the form's id: submitted twice, it is carried out once.

    `is_newer`: whether the server is known to accept the fields that are not in the document.
    """

    once = forms.UUIDField(widget=forms.HiddenInput)
    newer_fields: tuple[str, ...] = ()

    def __init__(
        self, data: Any = None, *, workspace: Workspace, is_newer: bool, initial: dict[str, Any]
    ) -> None:
        super().__init__(data, initial={"once": uuid.uuid4(), **initial})
        self.workspace = workspace
        self.catalogue = Catalogue.objects.filter(workspace=workspace).first()
        if not is_newer:
            for name in self.newer_fields:
                del self.fields[name]
        self.suggest()

    def suggest(self) -> None:
        """Fill the suggestions of the fields that have some."""

    def suggest_for(self, name: str, suggestions: Iterable[tuple[str, str]]) -> None:
        widget = self.fields[name].widget
        if isinstance(widget, DatalistInput):
            widget.suggestions = list(suggestions)

    def renew_id(self) -> None:
        """Allow another try: a new id, with everything typed kept."""
        self.data = {**{name: self.data[name] for name in self.data}, "once": str(uuid.uuid4())}

    def api_fields(self) -> dict[str, Any]:
        """What to send. An empty field is None and leaves the default to the API."""
        names = [name for name in self.declared_fields if name != "once"]
        given = {name: self.cleaned_data.get(name) for name in names}
        return {name: None if value == "" else value for name, value in given.items()}

    def clean_checkpoint_uri(self, name: str, *, target: str) -> str:
        """The URI in field `name`, in its newest spelling. Raises ValidationError."""
        typed: str = self.cleaned_data.get(name, "")
        if not typed:
            return ""
        try:
            uri = CheckpointURI.parse(typed)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        if uri.target != target:
            raise ValidationError(
                f"These are {WEIGHTS[uri.target]}; this field takes {WEIGHTS[target]}. "
                "A name such as step-100 often exists as both."
            )
        return str(uri)


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
