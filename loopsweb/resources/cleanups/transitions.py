"""Moves a removal from state to state, each with its audit event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from loopsweb.audit.append import append_to_chain
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, build_event, record_follow_up
from loopsweb.keys.models import Key
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.cleanups.models import FOLLOWS, OUTCOMES, Cleanup, Removal, State
from loopsweb.resources.snapshot.store import (
    lock_workspace,
    lock_writers,
    rows_stored,
    touch_version,
)


@transaction.atomic
def move_to(
    removal: Removal,
    state: State,
    *,
    now: datetime,
    answer: dict[str, Any] | None = None,
    by: Actor | None = None,
    key: Key | None = None,
    **fields: Any,
) -> bool:
    """False when another process moved it first. A checkpoint that is deleted is marked so."""
    is_gone = state == State.DONE and removal.cleanup.is_deletion
    if is_gone:
        mark_deleted(removal, now=now)
    lock_workspace(removal.workspace)
    rows = Removal.objects.filter(pk=removal.pk, state__in=FOLLOWS[state])
    fields = {"ask_at": None, "answer": answer, "state": state, "state_since": now} | fields
    if not rows.update(**fields):
        transaction.set_rollback(is_gone)
        return False
    for name, value in fields.items():
        setattr(removal, name, value)
    touch_version(removal.workspace)
    if outcome := OUTCOMES.get(state):
        record_follow_up(
            removal.incident,
            outcome=outcome,
            answer=answer,
            now=now,
            by=by,
            key=(key.name, key.fingerprint) if key else None,
        )
    return True


def mark_deleted(removal: Removal, *, now: datetime) -> None:
    """The next answers do not list it; an answer that does, takes the mark away."""
    lock_writers(removal.workspace)
    rows = Checkpoint.objects.in_workspace(removal.workspace).filter(remote_id=removal.remote_id)
    row = rows.select_for_update().first()
    if row is None:
        return
    row.deleted_at, row.changed_at, row.missing_since = now, now, row.missing_since or now
    row.save(update_fields=["deleted_at", "changed_at", "missing_since"])
    rows_stored.send(
        sender=Checkpoint, workspace=removal.workspace, ids=[row.remote_id], rows=[row]
    )


@transaction.atomic
def withdraw_rest(cleanup: Cleanup, *, by: Actor, now: datetime) -> int:
    """How many had not been sent, and will not be."""
    lock_workspace(cleanup.workspace)
    due = list(cleanup.rows.select_for_update().filter(state=State.DUE))
    if not due:
        return 0
    cleanup.rows.filter(pk__in=[row.pk for row in due]).update(
        state=State.WITHDRAWN, state_since=now, ask_at=None
    )
    touch_version(cleanup.workspace)
    append_to_chain(
        [
            build_event(
                **by,
                **row.audit_target,
                action=cleanup.action,
                outcome=Outcome.WITHDRAWN,
                incident=row.incident,
                now=now,
            )
            for row in due
        ]
    )
    return len(due)
