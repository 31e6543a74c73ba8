"""Pins: protections of checkpoints. A clean-up keeps what is pinned; one person may unpin it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.protections import Protection, add_mark, get_place
from loopsweb.resources.snapshot.store import lock_workspace, touch_version


@transaction.atomic
def pin(row: Checkpoint, *, note: str, by: Actor, now: datetime) -> None:
    """Does nothing if it is pinned already."""
    if add_mark(row, note=note, by=by, now=now):
        record(row, "checkpoint.pin", note=note, by=by, now=now)


@transaction.atomic
def unpin(row: Checkpoint, *, note: str, by: Actor, now: datetime) -> None:
    lock_workspace(row.workspace)
    deleted, _ = Protection.objects.filter(**get_place(row)).delete()
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
