"""Snapshot rows, as a poll would store them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler, Session
from loopsweb.resources.snapshot.models import Snapshot

Row = TypeVar("Row", bound=Snapshot)
FIRST_SEEN_AT = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)

MODELS: dict[str, type[Snapshot]] = {
    "sessions": Session,
    "runs": Run,
    "samplers": Sampler,
    "checkpoints": Checkpoint,
    "deployments": Deployment,
}


def add_row(model: type[Row], workspace: Workspace, remote_id: str, **fields: Any) -> Row:
    raw = {"id": remote_id, **{name: str(value) for name, value in fields.items()}}
    times = {"first_seen_at": FIRST_SEEN_AT, "changed_at": FIRST_SEEN_AT}
    row = model(workspace=workspace, remote_id=remote_id, raw=raw, digest="", **(times | fields))
    row.save()
    return row


def add_rows(noun: str, workspace: Workspace, count: int) -> None:
    """`count` rows of a noun, each with rows related to it."""
    for n in range(count):
        add_row(MODELS[noun], workspace, f"{noun}-{n}")
    if noun in {"runs", "sessions"}:
        for n in range(count):
            add_row(Deployment, workspace, f"dep-{n}", active_run_remote_id=f"runs-{n}")
            session = {"session_remote_id": f"sessions-{n}"}
            add_row(Sampler, workspace, f"samp-{n}", **session)
            if noun == "sessions":
                add_row(Run, workspace, f"run-{n}", **session)
