"""Several deactivations at once: requesting them with one reason."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from loopsweb.accounts.models import Workspace
from loopsweb.audit.durable import durable_transaction
from loopsweb.audit.record import Actor
from loopsweb.keys.models import Key
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.actions import (
    AlreadyRequested,
    add_request,
    record_refusal,
    record_request,
)
from loopsweb.resources.deactivations.models import Batch, Deactivation, Policy
from loopsweb.resources.deactivations.requirements import Schedule, schedule_request
from loopsweb.resources.deactivations.selections import Item, SelectedRow, Selection
from loopsweb.resources.deactivations.states import NOT_SENT, State
from loopsweb.resources.deactivations.targets import Kind
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.pages.idempotency import Submission, claim_submission
from loopsweb.resources.pages.idleness import find_observed_until
from loopsweb.resources.snapshot.store import lock_workspace, touch_version


@durable_transaction()
def request_batch(
    selection: Selection,
    *,
    kind: Kind,
    key: Key,
    by: Actor,
    reason: str,
    once: uuid.UUID,
    policy: Policy,
    now: datetime,
    awaited: Sequence[Checkpoint] = (),
    sync_until: datetime | None = None,
) -> Batch:
    """Commit every request of the selection, or none. Each waits for those of the `awaited`
    checkpoints that are of its runs.

    Raises AlreadySubmitted when the form `once` was submitted before, NotRecorded.
    """
    workspace = key.workspace
    lock_workspace(workspace)
    claim_submission(workspace, once, now=now)
    batch = Batch.objects.create(
        workspace=workspace, noun=kind.noun, person=by["person"], reason=reason, requested_at=now
    )
    requested = sorted(selection.requested, key=lambda item: item.remote_id)
    freshness = load_freshness(workspace)
    as_of = freshness.of(kind.plural, *NOUNS).as_of
    until = find_observed_until(freshness, now=now)
    added: dict[str, Deactivation | AlreadyRequested] = {}
    for item in requested:
        own = select_awaited(item, awaited)
        item.impact.target.observed_until = until
        schedule = schedule_request(
            item.impact,
            item.requirements,
            policy=policy,
            as_of=as_of,
            now=now,
            batch=batch,
            awaited=own,
            sync_until=sync_until,
            other=item.other,
        )
        added[item.remote_id] = add_batch_item(item, schedule, batch=batch, by=by)
    touch_version(workspace)
    for line in selection.lines:
        if why := record_batch_line(line, added.get(line.remote_id), batch=batch, key=key, by=by):
            batch.left_out.append({"id": line.remote_id, "why": why})
    batch.save(update_fields=["left_out"])
    return batch


def select_awaited(item: Item, awaited: Sequence[Checkpoint]) -> list[Checkpoint]:
    runs = {ending.run.remote_id for ending in item.impact.runs}
    return [each for each in awaited if each.run_remote_id in runs]


def add_batch_item(
    item: Item, schedule: Schedule, *, batch: Batch, by: Actor
) -> Deactivation | AlreadyRequested:
    target, now = item.impact.target, batch.requested_at
    try:
        return add_request(target=target, by=by, reason=batch.reason, schedule=schedule, now=now)
    except AlreadyRequested as already:
        return already


def record_batch_line(
    line: SelectedRow,
    added: Deactivation | AlreadyRequested | None,
    *,
    batch: Batch,
    key: Key,
    by: Actor,
) -> str:
    """Record the request or our refusal; why it is left out, "" where it is not."""
    if line.item is None:
        return line.left_out
    target = line.item.impact.target
    if isinstance(added, Deactivation):
        record_request(added, target=target, key=key, by=by)
        return ""
    answer, why = {"batch": str(batch.uid)}, line.left_out
    if added is not None:
        answer, why = answer | added.answer, str(added)
    elif line.item.requirements.refusal:
        answer["error"] = why
    if "error" in answer:
        record_refusal(target, by=by, reason=batch.reason, answer=answer, now=batch.requested_at)
    return why


def is_submitted(workspace: Workspace, once: str) -> bool:
    """True if the form with this idempotency key was submitted before."""
    try:
        form_id = uuid.UUID(once)
    except ValueError:
        return False
    return Submission.objects.filter(workspace=workspace, once=form_id).exists()


def withdraw_batch(batch: Batch, *, by: Actor, now: datetime) -> int:
    """Withdraw every request that was not sent yet. Returns their number."""
    answer = {"error": "Withdrawn with the rest of the batch."}
    unsent = batch.rows.filter(state__in=NOT_SENT).select_related("workspace")
    return sum(row.move_to(State.WITHDRAWN, answer=answer, by=by, now=now) for row in unsent)
