"""How a deactivation moves on, and how a deployment's end is noted, each with its event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from loopsweb.audit.models import Outcome
from loopsweb.audit.record import follow_up, record
from loopsweb.resources.deployments.models import OPEN, TERMINAL, Deactivation, Deployment, State
from loopsweb.resources.keeping import bump
from loopsweb.resources.reading import Reading
from loopsweb.resources.status_changes import StatusChange

STOPPED = "STOPPED"
FROM = {
    State.SUCCEEDED: (State.REQUESTED,),
    State.REFUSED: (State.REQUESTED, State.UNKNOWN),
    State.UNKNOWN: (State.REQUESTED,),
    State.CONFIRMED: (State.SUCCEEDED, State.UNKNOWN, State.REFUSED),
    State.ENDED: (State.SUCCEEDED, State.UNKNOWN),
}
OUTCOME = {state: Outcome(state) for state in FROM if state != State.ENDED} | {
    State.ENDED: Outcome.OBSERVED
}


@transaction.atomic
def move(
    deactivation: Deactivation, state: State, *, answer: dict[str, Any], now: datetime
) -> bool:
    """One step, recorded with it; False when another process took the step or a later one."""
    rows = Deactivation.objects.filter(pk=deactivation.pk, state__in=FROM[state])
    if not rows.update(state=state, state_since=now, ask_at=now, answer=answer):
        return False
    deactivation.refresh_from_db()
    bump(deactivation.workspace)
    follow_up(deactivation.incident, outcome=OUTCOME[state], answer=answer, now=now)
    return True


def close(deactivation: Deactivation, *, status: str, now: datetime) -> bool:
    """`status` is terminal and has been seen: *confirmed* is for STOPPED alone."""
    state = State.CONFIRMED if status == STOPPED else State.ENDED
    return move(deactivation, state, answer={"status": status}, now=now)


def note(change: StatusChange, *, reading: Reading) -> None:
    """A deployment was seen to end: by a deactivation of ours, or without us."""
    if change.field != "status" or change.new not in TERMINAL:
        return
    assumed = Q(state=State.REFUSED, answer__assumed=True)  # it took effect late after all
    ours = (
        Deactivation.objects.filter(assumed | Q(state__in=OPEN))
        .filter(workspace=reading.workspace, deployment_remote_id=change.remote_id)
        .last()
    )
    if ours:
        close(ours, status=change.new, now=reading.now)
    elif change.new == STOPPED:
        row = Deployment.objects.get(workspace=reading.workspace, remote_id=change.remote_id)
        seen_at = change.last_seen_old_at
        record(
            workspace=reading.workspace.slug,
            action="deployment.stop",
            outcome=Outcome.OBSERVED,
            target_noun="deployment",
            target_id=row.remote_id,
            target_name=row.base_model,
            target_owner=row.owner_email,
            answer={"status": STOPPED, "last_seen_running_at": seen_at and seen_at.isoformat()},
            now=reading.now,
        )
