"""Rows of a snapshot, as a poll would leave them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler, Session
from loopsweb.resources.snapshot.models import Snapshot

Row = TypeVar("Row", bound=Snapshot)
SEEN_AT = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)

MODELS: dict[str, type[Snapshot]] = {
    "sessions": Session,
    "runs": Run,
    "samplers": Sampler,
    "checkpoints": Checkpoint,
    "deployments": Deployment,
}


def seen(model: type[Row], workspace: Workspace, remote_id: str, **fields: Any) -> Row:
    raw = {"id": remote_id, **{name: str(value) for name, value in fields.items()}}
    times = {"first_seen_at": SEEN_AT, "changed_at": SEEN_AT}
    row = model(workspace=workspace, remote_id=remote_id, raw=raw, digest="", **(times | fields))
    row.save()
    return row


def seen_many(noun: str, workspace: Workspace, count: int) -> None:
    """That many rows of a noun, each named by something or naming something."""
    for n in range(count):
        seen(MODELS[noun], workspace, f"{noun}-{n}")
    if noun in {"runs", "sessions"}:
        for n in range(count):
            seen(Deployment, workspace, f"dep-{n}", active_run_remote_id=f"runs-{n}")
            session = {"session_remote_id": f"sessions-{n}"}
            seen(Sampler, workspace, f"samp-{n}", **session)
            if noun == "sessions":
                seen(Run, workspace, f"run-{n}", **session)
