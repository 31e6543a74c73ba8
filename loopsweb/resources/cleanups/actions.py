"""Requesting a clean-up."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from loopsweb.audit.append import append_to_chain
from loopsweb.audit.durable import durable_transaction
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, build_event
from loopsweb.keys.models import Key
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.cleanups.models import OPEN, Cleanup, Removal
from loopsweb.resources.cleanups.plan import Rules
from loopsweb.resources.pages.idempotency import claim_submission
from loopsweb.resources.snapshot.store import lock_workspace, touch_version
from loopsweb.resources.snapshot.stored_rows import BATCH_SIZE

LeftOut = list[dict[str, str]]
REQUESTED_BEFORE = "It is in another clean-up that is not done yet."


@durable_transaction()
def request_cleanup(
    rows: Sequence[Checkpoint],
    *,
    rules: Rules,
    days: int | None,
    key: Key,
    by: Actor,
    reason: str,
    once: uuid.UUID,
    left_out: LeftOut,
    now: datetime,
) -> Cleanup:
    """Commit the request and an audit event for each checkpoint. The worker sends them.

    days: after which they expire, None to delete them. Raises AlreadySubmitted when the form `once`
    was submitted before, NotRecorded.
    """
    workspace = key.workspace
    lock_workspace(workspace)
    claim_submission(workspace, once, now=now)
    known = Removal.objects.filter(workspace=workspace, state__in=OPEN)
    named = known.filter(remote_id__in=[row.remote_id for row in rows])
    busy = set(named.values_list("remote_id", flat=True))
    cleanup = Cleanup.objects.create(
        workspace=workspace,
        person=by["person"],
        role=by["role"],
        reason=reason,
        days=days,
        rules=rules.as_json(),
        requested_at=now,
        left_out=left_out
        + [{"id": row.remote_id, "why": REQUESTED_BEFORE} for row in rows if row.remote_id in busy],
    )
    removals = [
        Removal(
            workspace=workspace,
            cleanup=cleanup,
            remote_id=row.remote_id,
            run_remote_id=row.run_remote_id,
            uri=row.uri,
            size_bytes=row.size_bytes,
            state_since=now,
            ask_at=now,
        )
        for row in rows
        if row.remote_id not in busy
    ]
    Removal.objects.bulk_create(removals, batch_size=BATCH_SIZE)
    touch_version(workspace)
    events = [
        build_event(
            **by,
            **removal.audit_target,
            action=cleanup.action,
            outcome=Outcome.REQUESTED,
            key_label=str(key),
            key_fingerprint=key.fingerprint,
            reason=reason,
            answer=cleanup.describe(),
            incident=removal.incident,
            now=now,
        )
        for removal in removals
    ]
    if events:
        append_to_chain(events)
    return cleanup
