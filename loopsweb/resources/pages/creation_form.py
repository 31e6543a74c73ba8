"""The base of the creation forms: suggestions, checkpoint URIs."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api.uris import CheckpointURI
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.pages.base_models import BaseModel, explain_refusal, list_base_models
from loopsweb.resources.pages.idempotency import IdempotentForm
from loopsweb.resources.runs.models import Run
from loopsweb.resources.sessions.models import Session
from loopsweb.ui.datalist import DatalistInput
from loopsweb.ui.field_groups import FieldGroup, Layout, group_fields
from loopsweb.ui.url_text import clean_text

MAX_SUGGESTIONS = 100
DELAY_CAP = 3600  # seconds, on newer servers
AVAILABILITY = [("", "The API's default"), ("dedicated", "Dedicated"), ("spot", "Spot")]
CAPACITY = [
    ("", "The API's default"),
    ("deployment", "GPUs of its own"),
    ("serverless", "Serverless"),
]
WEIGHTS = {
    "trainer": "trainer weights (bt://loops:…/weights/…)",
    "sampler": "sampler weights (bt://loops:…/sampler_weights/…)",
}


class CapacityField(forms.ChoiceField):
    """Whether what is created has GPUs of its own."""

    def __init__(self) -> None:
        super().__init__(label="Capacity", choices=CAPACITY, required=False)


class AvailabilityField(forms.ChoiceField):
    """Whether its GPUs may be taken away."""

    def __init__(self) -> None:
        super().__init__(
            label="Availability",
            choices=AVAILABILITY,
            required=False,
            help_text="Spot is cheaper and may be preempted. Of GPUs of its own only.",
        )


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


class CreationForm(IdempotentForm):
    """`takes_undocumented`: the server is known to accept the `undocumented_fields`; `not_offered`
    has the labels of those that it does not. `layout`: of a long form, its groups and their fields;
    the last group is folded until it is used.
    """

    team_id = forms.ChoiceField(
        label="Team", required=False, help_text="Of the organisation, as the API knows it."
    )
    undocumented_fields: tuple[str, ...] = ()
    layout: Layout = ()

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
        self.takes_undocumented = takes_undocumented
        self.catalogue = Catalogue.objects.filter(workspace=workspace).first()
        gone = () if takes_undocumented else self.undocumented_fields
        self.not_offered = [self.fields.pop(name).label for name in gone]
        teams = (self.catalogue and self.catalogue.teams) or {}
        cast("forms.ChoiceField", self.fields["team_id"]).choices = [
            ("", "The default team"),
            *sorted(teams.items(), key=lambda team: team[1].casefold()),
        ]
        if not teams or not takes_undocumented:
            del self.fields["team_id"]

    @property
    def groups(self) -> list[FieldGroup]:
        """In the order of the page; empty for a form that is short enough without."""
        return group_fields(self, self.layout)

    def api_fields(self) -> dict[str, Any]:
        """The fields to send. What was left alone is None and leaves the default to the API."""
        names = [name for name in self.declared_fields if name != "once"]
        given = {name: self.cleaned_data.get(name) for name in names}
        return {
            name: None if value == "" or value is False else value for name, value in given.items()
        }


class GPUHolderForm(CreationForm):
    """The fields that runs and samplers have in common.

    dedicated_fields: those that only GPUs of its own have. length_field: of tokens.
    replica_fields: {what is created, trainer or sampler: the field with how many}.
    """

    session_id = forms.CharField(
        label="Session",
        max_length=255,
        widget=DatalistInput,
        help_text="The ID of the session that it belongs to. New ones are created under Sessions.",
    )
    base_model = forms.CharField(
        label="Base model",
        max_length=255,
        widget=DatalistInput,
        help_text="For example Qwen/Qwen3-8B.",
    )
    dedicated_fields: tuple[str, ...] = ()
    length_field: str
    replica_fields: Mapping[str, str]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.suggest("session_id", suggest_sessions(self.workspace))
        self.base_models = list_base_models(
            self.workspace, self.catalogue, parts=self.replica_fields
        )
        self.suggest("base_model", [(one.name, describe(one)) for one in self.base_models])
        for name, field in self.fields.items():
            if isinstance(field, CheckpointField):
                self.suggest(name, suggest_checkpoints(self.workspace, target=field.target))
            elif name in {"run_id", "reuse_from_run_id"}:
                self.suggest(name, suggest_runs(self.workspace))

    def suggest(self, name: str, suggestions: list[tuple[str, str]]) -> None:
        cast("DatalistInput", self.fields[name].widget).suggestions = suggestions

    def find_base_model(self) -> str:
        """The name of the base model, as typed or of the run to attach to; "" while unknown."""
        typed: str = self["base_model"].value() or ""
        if typed or "run_id" not in self.fields:
            return typed
        run_id = clean_text(self["run_id"].value())
        runs = Run.objects.in_workspace(self.workspace).filter(remote_id=run_id)
        return runs.values_list("base_model", flat=True).first() or ""

    def count_replicas(self) -> dict[str, int]:
        """{what is created: how many}, as typed; one where that is no number."""
        return {part: self.read_number(name) for part, name in self.replica_fields.items()}

    def read_number(self, name: str) -> int:
        typed = str(self[name].value() or "") if name in self.fields else ""
        return max(1, int(typed)) if re.fullmatch(r"[0-9]{1,6}", typed) else 1

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.check_model(cleaned)
        self.check_checkpoints(cleaned)
        if cleaned.get("scope") == "serverless":
            for name in self.dedicated_fields:
                if cleaned.get(name):
                    self.add_error(name, "Serverless capacity does not have this.")
        return cleaned

    def check_checkpoints(self, cleaned: dict[str, Any]) -> None:
        """Refuse those that the API says cannot be loaded."""
        known = Checkpoint.objects.in_workspace(self.workspace)
        for name, field in self.fields.items():
            if isinstance(field, CheckpointField) and (typed := cleaned.get(name)):
                uri = CheckpointURI.parse(typed)
                found = known.filter(run_remote_id=uri.run_id, target=uri.target, name=uri.name)
                if not all(one.is_loadable for one in found):
                    self.add_error(name, "The API says that this checkpoint cannot be loaded.")

    def check_model(self, cleaned: dict[str, Any]) -> None:
        """Refuse what the API would, as far as its capabilities say."""
        model = self.catalogue and self.catalogue.find_model(cleaned.get("base_model") or "")
        if not model:
            return
        length = cleaned.get(self.length_field)
        if refusal := explain_refusal(model):
            self.add_error("base_model", refusal)
        elif model.serverless is False and cleaned.get("scope") == "serverless":
            self.add_error("scope", f"{model.model_name} has no serverless capacity here.")
        elif length and model.longest is not None and length > model.longest:
            most = f"{model.longest:,}"
            self.add_error(self.length_field, f"{model.model_name} takes at most {most} tokens.")


def describe(model: BaseModel) -> str:
    """A few words beside its name in the suggestions."""
    if model.known is None:
        return "used by a run"
    if model.refusal:
        return "not enabled"
    return "" if model.longest is None else f"up to {model.longest:,} tokens"


def suggest_sessions(workspace: Workspace) -> list[tuple[str, str]]:
    newest = Session.objects.in_workspace(workspace).newest_first()
    return [(one.remote_id, one.get_origin_display()) for one in newest[:MAX_SUGGESTIONS]]


def suggest_runs(workspace: Workspace) -> list[tuple[str, str]]:
    newest = Run.objects.in_workspace(workspace).filter(missing_since=None)
    rows = newest.newest_first()[:MAX_SUGGESTIONS]
    return [(one.remote_id, one.name or one.base_model) for one in rows]


def suggest_checkpoints(workspace: Workspace, *, target: str) -> list[tuple[str, str]]:
    """The newest that are listed, fully saved and can be loaded."""
    rows = Checkpoint.objects.in_workspace(workspace).filter(target=target, missing_since=None)
    newest = rows.exclude(sync_status="SYNCING").newest_first()
    usable = [one for one in newest[:MAX_SUGGESTIONS] if one.uri and one.is_loadable]
    return [(one.uri, one.base_model) for one in usable]
