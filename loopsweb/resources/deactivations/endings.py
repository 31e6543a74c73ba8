"""How a deactivation moves on, and how an end that was seen is noted, each with its event."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, follow_up, record
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.models import NOT_SENT, SENT, Deactivation, State
from loopsweb.resources.deactivations.targets import KINDS
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.store import bump, hold

FROM: dict[State, tuple[State, ...]] = {
    State.DUE: (State.WAITING,),
    State.SUCCEEDED: (State.REQUESTED, State.UNKNOWN),
    State.REFUSED: (State.REQUESTED, State.UNKNOWN, State.SUCCEEDED),
    State.UNKNOWN: (State.REQUESTED,),
    State.CONFIRMED: (State.SUCCEEDED, State.UNKNOWN, State.REFUSED),
    State.ENDED: (State.SUCCEEDED, State.UNKNOWN),
    State.LOST: (State.SUCCEEDED, State.UNKNOWN),
    State.DECLINED: (State.WAITING,),
    State.WITHDRAWN: NOT_SENT,
    State.EXPIRED: NOT_SENT,
}
LATE_EFFECT = timedelta(minutes=15)
WITH_ITS_RUN = timedelta(days=1)
OF_THEIR_OWN = {
    State.DUE: Outcome.APPROVED,
    State.ENDED: Outcome.OBSERVED,
    State.LOST: Outcome.UNKNOWN,
}
OUTCOME = {state: OF_THEIR_OWN.get(state) or Outcome(state) for state in FROM}


@transaction.atomic
def move(
    deactivation: Deactivation,
    state: State,
    *,
    answer: dict[str, Any],
    now: datetime,
    by: Actor | None = None,
    note: str = "",
    key: Key | None = None,
    **fields: Any,
) -> bool:
    """One step, recorded with it; False when another process took the step or a later one.

    by: who takes the step, where that is not the person who asked for the deactivation, and in
    `note` why. key: with which the API was called.
    """
    hold(deactivation.workspace)
    rows = Deactivation.objects.filter(pk=deactivation.pk, state__in=FROM[state])
    fields |= {"state": state, "state_since": now, "answer": answer}
    if not rows.update(**{"ask_at": now} | fields):
        return False
    deactivation.refresh_from_db()
    bump(deactivation.workspace)
    follow_up(
        deactivation.incident,
        outcome=OUTCOME[state],
        answer=answer or None,
        now=now,
        by=by,
        note=note,
        key=(key.name, key.fingerprint) if key else None,
    )
    return True


def close(deactivation: Deactivation, *, status: str, now: datetime) -> bool:
    """`status` is terminal and has been seen: *confirmed* is for being stopped alone."""
    kind = KINDS[deactivation.noun]
    state = State.CONFIRMED if status == kind.stopped else State.ENDED
    return move(deactivation, state, answer={"status": status}, now=now)


def note(changes: list[StatusChange], reading: Reading, **_: Any) -> None:
    """Of what was seen to change, note what ended: by a deactivation of ours, or without us."""
    ended = [change for change in changes if is_end(change)]
    if ended:
        hold(reading.workspace)
    for change in ended:
        note_end(change, reading=reading)


def is_end(change: StatusChange) -> bool:
    kind = KINDS.get(change.noun)
    return kind is not None and change.field == "status" and kind.has_ended(change.new)


def note_end(change: StatusChange, *, reading: Reading) -> None:
    about = Deactivation.objects.filter(
        workspace=reading.workspace, noun=change.noun, target_remote_id=change.remote_id
    )
    ended = {"status": change.new, "error": "It ended before the request was sent."}
    for unsent in about.filter(state__in=NOT_SENT):
        move(unsent, State.EXPIRED, answer=ended, now=reading.now)
    lately = reading.now - LATE_EFFECT  # it took effect late after all; later it was somebody else
    assumed = Q(state=State.REFUSED, answer__assumed=True, state_since__gte=lately)
    ours = about.filter(assumed | Q(state__in=SENT)).last()
    if ours:
        close(ours, status=change.new, now=reading.now)
    elif change.noun == "deployment" and change.new == KINDS["deployment"].stopped:
        observe(change, reading=reading)


def observe(change: StatusChange, *, reading: Reading) -> None:
    """A deployment stopped that nobody here asked for, unless by ending the run it executes."""
    deployment = Deployment.objects.get(workspace=reading.workspace, remote_id=change.remote_id)
    runs = {deployment.active_run_remote_id, deployment.latest_run_remote_id} - {""}
    sent_lately = Q(state__in=(*SENT, State.CONFIRMED), sent_at__gte=reading.now - WITH_ITS_RUN)
    with_run = Deactivation.objects.filter(
        sent_lately, workspace=reading.workspace, noun="run", target_remote_id__in=runs
    ).last()
    seen_at = change.last_seen_old_at
    record(
        **about(deployment),
        outcome=Outcome.CONFIRMED if with_run else Outcome.OBSERVED,
        answer={"status": change.new, "last_seen_running_at": seen_at and seen_at.isoformat()},
        incident=with_run.incident if with_run else None,
        now=reading.now,
    )


def observe_meanwhile(refused: Deactivation, *, now: datetime) -> None:
    """While our call was under way, which was refused, it was seen to stop: by somebody else."""
    if refused.noun != "deployment":
        return
    row = KINDS["deployment"].find(refused.workspace, refused.target_remote_id)
    if isinstance(row, Deployment) and row.status == KINDS["deployment"].stopped:
        record(**about(row), outcome=Outcome.OBSERVED, answer={"status": row.status}, now=now)


def about(deployment: Deployment) -> dict[str, Any]:
    return {
        "workspace": deployment.workspace.slug,
        "action": "deployment.stop",
        "target_noun": "deployment",
        "target_id": deployment.remote_id,
        "target_name": deployment.base_model,
        "target_owner": deployment.owner_email,
    }
