"""The readable resources: their fields, filters and order.

Fields are named as in the Loops API. Values that it did not send are null.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import repeat
from typing import Any

from django.db.models import Model, QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.deployments.run_pairing import (
    Figures,
    price_deployments,
    select_with_prices,
)
from loopsweb.resources.nouns import NOUNS
from loopsweb.ui.timestamps import format_utc

TEXT, TIME, INTEGER, NUMBER = "string", "date-time", "integer", "number"
NAMES, FLAG, ANY = "names", "flag", "any"
FIGURES = {
    "idle_seconds": ("idle_seconds", INTEGER),
    "last_work_at": ("last_work_at", TIME),
    "last_work_sign": ("last_work_sign", TEXT),
    "gpus": ("gpus", INTEGER),
    "usd_per_hour": ("usd_per_hour", NUMBER),
    "cost_source": ("cost_source", TEXT),
}
SIGHTINGS = {
    "first_seen_at": ("first_seen_at", TIME),
    "not_in_the_answers_since": ("missing_since", TIME),
    "not_in_the_last_answer": ("omitted", NAMES),
}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """fields: {name in the JSON: (attribute of a row, type)}. filters: names of fields to compare
    for equality. newest: the time or number that the rows are sorted by. figures: {name in the
    JSON: type} of those `read_figures` gives. search: the field of the normalised text."""

    about: str
    fields: dict[str, tuple[str, str]]
    filters: tuple[str, ...]
    newest: str = "created_at"
    figures: dict[str, str] = field(default_factory=dict)
    search: str = "search_text"

    @property
    def can_idle(self) -> bool:
        return "idle_seconds" in self.fields

    def serialize(self, rows: Sequence[Model]) -> list[dict[str, Any]]:
        figures: Iterable[Any] = read_figures(rows) if self.figures else repeat(None)
        return [
            {name: to_json(getattr(row, source)) for name, (source, _) in self.fields.items()}
            | {name: to_json(getattr(of, name)) for name in self.figures}
            for row, of in zip(rows, figures, strict=False)
        ]


def read_figures(rows: Sequence[Any]) -> list[Figures]:
    """Of deployments, with their samplers."""
    return [line.figures for line in price_deployments(rows)]


def to_json(given: Any) -> Any:
    """Return `given` as JSON. Empty strings become null."""
    if isinstance(given, datetime):
        return format_utc(given)
    if given is None or isinstance(given, int | float | dict | list):
        return given
    if isinstance(given, Decimal):
        return float(given)
    return str(given) or None


def select_rows(name: str, workspace: Workspace) -> QuerySet[Any]:
    """name: a key of RESOURCES."""
    if name == "audit":
        return Event.objects.filter(workspace=workspace.slug)
    if name == "deployments":
        return select_with_prices(workspace)
    return NOUNS[name].model.objects.in_workspace(workspace)


def text_fields(*names: str, **renamed: str) -> dict[str, tuple[str, str]]:
    return {name: (source, TEXT) for name, source in ({n: n for n in names} | renamed).items()}


def id_fields(*nouns: str) -> dict[str, tuple[str, str]]:
    """The ids of related resources: `run_id` is read from `run_remote_id`."""
    return {f"{noun}_id": (f"{noun}_remote_id", TEXT) for noun in nouns}


ID = text_fields(id="remote_id")
OWNER = text_fields(owner="owner_email")
TIMES = {"created_at": ("created_at", TIME)} | SIGHTINGS
RESOURCES: dict[str, Resource] = {
    "sessions": Resource(
        about="Sessions found in runs and samplers, created in loopsweb or entered by hand.",
        fields=ID | text_fields("origin") | SIGHTINGS,
        filters=("id", "origin"),
        newest="first_seen_at",
    ),
    "runs": Resource(
        about="Training runs.",
        fields=ID
        | text_fields("name", "status", "base_model", "base_url")
        | id_fields("session", "deployment", "sampler")
        | OWNER
        | {"is_serverless": ("is_serverless", FLAG)}
        | FIGURES
        | TIMES,
        filters=("id", "status", "base_model", "session_id", "deployment_id", "owner"),
    ),
    "samplers": Resource(
        about="Samplers, paired with a run or standalone.",
        fields=ID
        | text_fields("status", "base_model", "base_url", "model_id")
        | id_fields("run", "session", "deployment")
        | OWNER
        | {"gpus_held": ("gpus_held", INTEGER), "is_serverless": ("is_serverless", FLAG)}
        | FIGURES
        | TIMES,
        filters=("id", "status", "base_model", "run_id", "owner"),
    ),
    "checkpoints": Resource(
        about="Checkpoints of runs. A name is unique per run and target.",
        fields=ID
        | text_fields("name", "target", "uri", "base_model", "checkpoint_type", "sync_status")
        | id_fields("run")
        | {"size_bytes": ("size_bytes", INTEGER), "expires_at": ("expires_at", TIME)}
        | TIMES,
        filters=("id", "name", "target", "base_model", "sync_status", "run_id"),
    ),
    "deployments": Resource(
        about="Loops deployments: live training pairs that hold GPUs.",
        fields=ID
        | text_fields("status", "base_model", "base_url")
        | text_fields("availability_model", "instance_name", "gpu_type")
        | id_fields("active_run", "latest_run", "sampler")
        | OWNER
        | {name: (name, INTEGER) for name in ("gpu_count", "node_count")}
        | FIGURES
        | TIMES,
        filters=("id", "status", "base_model", "owner"),
        figures={
            "gpus_held": INTEGER,
            "gpus_of": TEXT,
            "cost_per_hour": NUMBER,
            "cost_of": TEXT,
        },
    ),
    "audit": Resource(
        about="The audit trail: what was done, attempted or observed, by whom and when.",
        fields={"sequence": ("sequence", INTEGER), "at": ("at", TIME)}
        | text_fields("action", "outcome", "incident", "person", "role", "address", "request_id")
        | text_fields("key_label", "key_fingerprint")
        | text_fields("target_noun", "target_id", "target_name", "target_owner")
        | text_fields("reason", "previous", "digest")
        | {"answer": ("answer", ANY)},
        filters=("action", "outcome", "person", "target_noun", "target_id", "incident"),
        newest="sequence",
        search="search__text",
    ),
}
