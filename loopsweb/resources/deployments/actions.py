"""Ending a deployment: the record first, the call second, the outcome as far as it is known."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record
from loopsweb.keys.clients import Acting
from loopsweb.loops_api import Client, errors
from loopsweb.resources import poll_state
from loopsweb.resources.deployments import endings, sync
from loopsweb.resources.deployments.models import OPEN, TERMINAL, Deactivation, Deployment, State
from loopsweb.resources.keeping import bump
from loopsweb.resources.reading import Reading

CALL_TAKES_AT_MOST = timedelta(seconds=60)
TAKES_EFFECT_WITHIN = timedelta(minutes=2)
ASK_AGAIN = [  # (up to this age, wait this long)
    (timedelta(seconds=60), timedelta(seconds=2)),
    (timedelta(minutes=10), timedelta(seconds=15)),
    (timedelta.max, timedelta(minutes=2)),
]


class AlreadyRequested(Exception):
    """Somebody asked first and it is not settled; `deactivation` is theirs. Nothing was called."""

    def __init__(self, deactivation: Deactivation) -> None:
        super().__init__(f"{deactivation.person} has asked for this already.")
        self.deactivation = deactivation


def deactivate(
    *,
    deployment: Deployment,
    acting: Acting,
    by: Actor,
    reason: str,
    clock: Callable[[], datetime],
) -> Deactivation:
    """End `deployment` with one call of the API, never repeated. `clock` tells aware times in UTC.

    Raises AlreadyRequested. A failure of the API is no exception but the state of the answer:
    refused when it surely did nothing, unknown when it may have acted.
    """
    deactivation = request(deployment=deployment, acting=acting, by=by, reason=reason, now=clock())
    state, answer = call(acting.client, deployment.remote_id)
    endings.move(deactivation, state, answer=answer, now=clock())
    poll_state.poll_soon(deployment.workspace, now=clock())
    return deactivation


def request(
    *, deployment: Deployment, acting: Acting, by: Actor, reason: str, now: datetime
) -> Deactivation:
    """Commit what is about to be done. When this raises, nothing has been done."""
    incident = uuid.uuid4()
    try:
        with transaction.atomic(durable=True):
            deactivation = Deactivation.objects.create(
                workspace=deployment.workspace,
                deployment_remote_id=deployment.remote_id,
                incident=incident,
                person=by["person"],
                role=by["role"],
                reason=reason,
                requested_at=now,
                state_since=now,
                ask_at=now + CALL_TAKES_AT_MOST,
            )
            bump(deployment.workspace)
            record(
                **by,
                action="deployment.deactivate",
                outcome=Outcome.REQUESTED,
                key_label=acting.key.name,
                key_fingerprint=acting.key.fingerprint,
                target_noun="deployment",
                target_id=deployment.remote_id,
                target_name=deployment.base_model,
                target_owner=deployment.owner_email,
                reason=reason,
                incident=incident,
                now=now,
            )
    except IntegrityError:
        open_one = Deactivation.objects.filter(
            workspace=deployment.workspace,
            deployment_remote_id=deployment.remote_id,
            state__in=OPEN,
        ).first()
        if open_one is None:
            raise
        record(
            **by,
            action="deployment.deactivate",
            outcome=Outcome.REFUSED,
            target_noun="deployment",
            target_id=deployment.remote_id,
            target_name=deployment.base_model,
            target_owner=deployment.owner_email,
            reason=reason,
            answer={"error": "It had been asked for already.", "first": str(open_one.incident)},
            now=now,
        )
        raise AlreadyRequested(open_one) from None
    return deactivation


def call(client: Client, remote_id: str) -> tuple[State, dict[str, Any]]:
    try:
        ended = client.deactivate_deployment(remote_id)
    except errors.LoopsError as error:
        state = State.UNKNOWN if error.may_have_been_received else State.REFUSED
        return state, {"error": error.message, "said": error.plain}
    answer = {"id": ended.id, "base_model": ended.base_model, "user_email": ended.owner_email}
    return (State.SUCCEEDED if ended.id == remote_id else State.UNKNOWN), answer


def claim_unsettled(*, now: datetime) -> list[int]:
    """Ids of the open deactivations whose outcome this process is to ask for now."""
    claimed = []
    for row in Deactivation.objects.filter(state__in=OPEN, ask_at__lte=now):
        age = now - row.requested_at
        wait = next(wait for limit, wait in ASK_AGAIN if age <= limit)
        rows = Deactivation.objects.filter(pk=row.pk, ask_at=row.ask_at)
        if rows.update(ask_at=now + wait):
            claimed.append(row.pk)
    return claimed


def settle(deactivation: Deactivation, *, client: Client, reading: Reading) -> None:
    """Ask the API what became of it, after a crash as after an answer that never came.

    *confirmed* once STOPPED is seen; *refused* when an unknown request visibly had no effect.
    Raises errors.LoopsError when the API cannot say; then it is asked again later.
    """
    now = reading.now
    if deactivation.state == State.REQUESTED:
        lost = {"error": "The process that made the request ended before the answer came."}
        endings.move(deactivation, State.UNKNOWN, answer=lost, now=now)
    found = sync.pull_one(client, deactivation.deployment_remote_id, reading=reading)
    deactivation.refresh_from_db()
    if found is None or not found.status:
        return
    if found.status in TERMINAL:
        endings.close(deactivation, status=found.status, now=now)
    elif deactivation.state == State.UNKNOWN and now - deactivation.requested_at > (
        TAKES_EFFECT_WITHIN
    ):
        said = f"The API still reports {found.status}, so the request seems to have had no effect."
        still = {"error": said, "assumed": True}
        endings.move(deactivation, State.REFUSED, answer=still, now=now)
