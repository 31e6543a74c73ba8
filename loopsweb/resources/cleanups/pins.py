"""Pins: protections of checkpoints. A clean-up keeps what is pinned; one person may unpin it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.snapshot.store import lock_workspace, touch_version


def locate(row: Checkpoint) -> dict[str, Any]:
    return {"workspace": row.workspace, "noun": row.noun, "remote_id": row.remote_id}


def find_pin(row: Checkpoint) -> Protection | None:
    return Protection.objects.filter(**locate(row)).first()


@transaction.atomic
def pin(row: Checkpoint, *, note: str, by: Actor, now: datetime) -> None:
    """Does nothing if it is pinned already."""
    lock_workspace(row.workspace)
    _, is_new = Protection.objects.get_or_create(
        **locate(row), defaults={"person": by["person"], "reason": note, "since": now}
    )
    if is_new:
        record(row, "checkpoint.pin", note=note, by=by, now=now)


@transaction.atomic
def unpin(row: Checkpoint, *, note: str, by: Actor, now: datetime) -> None:
    lock_workspace(row.workspace)
    deleted, _ = Protection.objects.filter(**locate(row)).delete()
    if deleted:
        record(row, "checkpoint.unpin", note=note, by=by, now=now)


def record(row: Checkpoint, action: str, *, note: str, by: Actor, now: datetime) -> None:
    touch_version(row.workspace)
    record_event(
        **by,
        action=action,
        outcome=Outcome.SUCCEEDED,
        target_noun=row.noun,
        target_id=row.remote_id,
        target_name=row.uri,
        reason=note,
        now=now,
    )
