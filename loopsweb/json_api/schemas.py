"""What can be read: each noun's fields, and by which of them one may filter.

A field is named as in the API that the snapshot was read from. What that API did not say is null.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler, Session
from loopsweb.resources.snapshot.models import Snapshot

TEXT, TIME, INTEGER, ANY = "string", "date-time", "integer", "any"
SEEN = {
    "first_seen_at": ("first_seen_at", TIME),
    "not_in_the_answers_since": ("missing_since", TIME),
}


@dataclass(frozen=True, kw_only=True)
class Noun:
    """fields: {name in the JSON: (attribute of a row, kind)}. filters: those compared for equality.
    order: of the rows, newest first."""

    about: str
    fields: dict[str, tuple[str, str]]
    filters: tuple[str, ...]
    order: tuple[str, ...]
    rows: Callable[[Workspace], QuerySet[Any]]

    def item(self, row: Model) -> dict[str, Any]:
        return {name: value(getattr(row, source)) for name, (source, _) in self.fields.items()}


def value(given: Any) -> Any:
    """As JSON has it. An empty text is what nobody said: null."""
    if isinstance(given, datetime):
        return given.isoformat().replace("+00:00", "Z")
    if given is None or isinstance(given, int | float | dict | list):
        return given
    return str(given) or None


def snapshot(model: type[Snapshot]) -> Callable[[Workspace], QuerySet[Any]]:
    rows: Callable[[Workspace], QuerySet[Any]] = model.objects.in_workspace
    return rows


def texts(*names: str, **renamed: str) -> dict[str, tuple[str, str]]:
    same = {name: (name, TEXT) for name in names}
    return same | {name: (source, TEXT) for name, source in renamed.items()}


NEWEST = ("-created_at", "-pk")
CREATED = {"created_at": ("created_at", TIME)}
NOUNS: dict[str, Noun] = {
    "sessions": Noun(
        about="Sessions known from runs and samplers, created here, or entered by a person.",
        fields=texts("origin", id="remote_id") | SEEN,
        filters=("id", "origin"),
        order=("-first_seen_at", "-pk"),
        rows=snapshot(Session),
    ),
    "runs": Noun(
        about="Runs, each in its session.",
        fields=texts(
            "name",
            "status",
            "base_model",
            "base_url",
            id="remote_id",
            session_id="session_remote_id",
            deployment_id="deployment_remote_id",
            sampler_id="sampler_remote_id",
            owner="owner_email",
        )
        | CREATED
        | SEEN,
        filters=("id", "status", "base_model", "session_id", "deployment_id", "owner"),
        order=NEWEST,
        rows=snapshot(Run),
    ),
    "samplers": Noun(
        about="Samplers, paired with a run or standing alone.",
        fields=texts(
            "status",
            "base_model",
            "base_url",
            "model_id",
            id="remote_id",
            run_id="run_remote_id",
            session_id="session_remote_id",
            deployment_id="deployment_remote_id",
            owner="owner_email",
        )
        | CREATED
        | SEEN,
        filters=("id", "status", "base_model", "run_id", "owner"),
        order=NEWEST,
        rows=snapshot(Sampler),
    ),
    "checkpoints": Noun(
        about="Checkpoints of runs. A name is unique per run and target.",
        fields=texts(
            "name",
            "target",
            "uri",
            "base_model",
            "checkpoint_type",
            "sync_status",
            id="remote_id",
            run_id="run_remote_id",
        )
        | {"size_bytes": ("size_bytes", INTEGER), "expires_at": ("expires_at", TIME)}
        | CREATED
        | SEEN,
        filters=("id", "name", "target", "base_model", "sync_status", "run_id"),
        order=NEWEST,
        rows=snapshot(Checkpoint),
    ),
    "deployments": Noun(
        about="Loops deployments: live training pairs that hold GPUs.",
        fields=texts(
            "status",
            "base_model",
            "base_url",
            "availability_model",
            "instance_name",
            "gpu_type",
            id="remote_id",
            active_run_id="active_run_remote_id",
            latest_run_id="latest_run_remote_id",
            sampler_id="sampler_remote_id",
            owner="owner_email",
        )
        | {name: (name, INTEGER) for name in ("gpu_count", "node_count", "gpus_held")}
        | CREATED
        | SEEN,
        filters=("id", "status", "base_model", "owner"),
        order=NEWEST,
        rows=snapshot(Deployment),
    ),
    "audit": Noun(
        about="The audit trail: what was done, tried or seen, by whom and when.",
        fields={"sequence": ("sequence", INTEGER), "at": ("at", TIME)}
        | texts(
            "action",
            "outcome",
            "incident",
            "person",
            "role",
            "address",
            "request_id",
            "key_label",
            "key_fingerprint",
            "target_noun",
            "target_id",
            "target_name",
            "target_owner",
            "reason",
            "previous",
            "digest",
        )
        | {"answer": ("answer", ANY)},
        filters=("action", "outcome", "person", "target_noun", "target_id", "incident"),
        order=("-sequence",),
        rows=lambda workspace: Event.objects.filter(workspace=workspace.slug),
    ),
}
