"""Ending several things at once: one preview, one reason, and each goes its own way."""

from __future__ import annotations

import uuid
from datetime import datetime

from loopsweb.accounts.models import Workspace
from loopsweb.audit.durable import committed
from loopsweb.audit.record import Actor
from loopsweb.keys.clients import Acting
from loopsweb.resources.deactivations import actions, endings
from loopsweb.resources.deactivations.demands import plan
from loopsweb.resources.deactivations.models import NOT_SENT, Batch, Deactivation, State
from loopsweb.resources.deactivations.plans import Plan
from loopsweb.resources.deactivations.policies import Policy
from loopsweb.resources.deactivations.previews import Known, Line, Preview
from loopsweb.resources.deactivations.targets import Kind
from loopsweb.resources.pages.creation import AlreadySubmitted
from loopsweb.resources.pages.idempotency import Submission
from loopsweb.resources.snapshot.store import bump, hold


def was_sent(workspace: Workspace, once: str) -> bool:
    try:
        form = uuid.UUID(once)
    except ValueError:
        return False
    return Submission.objects.filter(workspace=workspace, once=form).exists()


@committed()
def ask(
    seen: Preview,
    *,
    kind: Kind,
    acting: Acting,
    by: Actor,
    reason: str,
    once: uuid.UUID,
    policy: Policy,
    now: datetime,
) -> Batch:
    """Commit all that is asked for, or nothing; the worker sends what need not wait.

    Raises AlreadySubmitted when this form was sent before, NotRecorded.
    """
    workspace = acting.key.workspace
    hold(workspace)
    _, is_new = Submission.objects.get_or_create(
        workspace=workspace, once=once, defaults={"at": now}
    )
    if not is_new:
        raise AlreadySubmitted
    batch = Batch.objects.create(
        workspace=workspace, noun=kind.noun, person=by["person"], reason=reason, requested_at=now
    )
    added = {
        known.remote_id: add(known, batch=batch, by=by, policy=policy)
        for known in sorted(seen.asked_for, key=lambda known: known.remote_id)
    }
    bump(workspace)
    for line in seen.lines:
        if why := tell(line, added.get(line.remote_id), batch=batch, acting=acting, by=by):
            batch.left_out.append({"id": line.remote_id, "why": why})
    batch.save(update_fields=["left_out"])
    return batch


Added = tuple[Deactivation, Plan] | actions.AlreadyRequested


def add(known: Known, *, batch: Batch, by: Actor, policy: Policy) -> Added:
    target, now = known.shown.target, batch.requested_at
    how = plan(known.shown, known.asked, policy=policy, now=now, batch=batch)
    try:
        return actions.add(target=target, by=by, reason=batch.reason, now=now, plan=how), how
    except actions.AlreadyRequested as already:
        return already


def tell(line: Line, added: Added | None, *, batch: Batch, acting: Acting, by: Actor) -> str:
    """In the trail, that it was asked for, or by us refused; why it is left out, "" where not."""
    if line.known is None:
        return line.left_out
    target, now = line.known.shown.target, batch.requested_at
    if isinstance(added, tuple):
        row, how = added
        actions.told_of(row, target=target, acting=acting, by=by, plan=how, now=now)
        return ""
    said, why = {"batch": str(batch.uid)}, line.left_out
    if added is not None:
        said, why = said | added.told, str(added)
    elif line.known.asked.refused:
        said["error"] = why
    if "error" in said:
        actions.refused(target, by=by, reason=batch.reason, answer=said, now=now)
    return why


def stop(batch: Batch, *, by: Actor, now: datetime) -> int:
    """Take back every one that was not sent yet; how many."""
    stopped = {"error": "Taken back with the rest of the batch."}
    unsent = batch.rows.filter(state__in=NOT_SENT).select_related("workspace")
    return sum(endings.move(row, State.WITHDRAWN, answer=stopped, by=by, now=now) for row in unsent)
