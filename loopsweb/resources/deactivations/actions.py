"""Ending something: the record first, the call second, the outcome as far as it is known."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from loopsweb.audit.durable import committed
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record
from loopsweb.keys.clients import Acting
from loopsweb.loops_api import Client, errors
from loopsweb.resources.deactivations import endings
from loopsweb.resources.deactivations.models import Deactivation, State
from loopsweb.resources.deactivations.plans import AT_ONCE, Plan
from loopsweb.resources.deactivations.targets import KINDS, Target, kind_of
from loopsweb.resources.snapshot import poll_state
from loopsweb.resources.snapshot.store import bump, hold

CALL_TAKES_AT_MOST = timedelta(seconds=60)
CALLED_WITHIN = timedelta(seconds=15)  # later it would overlap with asking what became of it
ALREADY = "Somebody has asked for this already."


class AlreadyRequested(Exception):
    """Somebody asked first and it is not settled; `deactivation` is theirs. Nothing was called."""

    def __init__(self, deactivation: Deactivation) -> None:
        super().__init__(ALREADY)
        self.deactivation = deactivation

    @property
    def told(self) -> dict[str, str]:
        """The answer in the trail."""
        return {"error": ALREADY, "first": str(self.deactivation.incident)}


def deactivate(
    *,
    target: Target,
    acting: Acting,
    by: Actor,
    reason: str,
    clock: Callable[[], datetime],
    plan: Plan = AT_ONCE,
    still: Callable[[], None] = lambda: None,
) -> Deactivation:
    """End `target` as planned, with one call of the API, never repeated. `clock` tells aware times
    in UTC.

    Raises AlreadyRequested, NotRecorded. A failure of the API is no exception but the state of the
    answer: refused when it surely did nothing, unknown when it may have acted.
    """
    deactivation = request(
        target=target, acting=acting, by=by, reason=reason, now=clock(), plan=plan, still=still
    )
    if deactivation.state == State.REQUESTED:
        send(deactivation, acting=acting, clock=clock)
    return deactivation


def send(deactivation: Deactivation, *, acting: Acting, clock: Callable[[], datetime]) -> None:
    """The one call. The state *requested* is committed already; a process that was held up since
    does not make it any more."""
    in_time = Deactivation.objects.filter(
        pk=deactivation.pk, state=State.REQUESTED, sent_at__gt=clock() - CALLED_WITHIN
    )
    if in_time.exists():
        state, answer = call(acting.client, deactivation.noun, deactivation.target_remote_id)
    else:
        state, answer = State.REFUSED, {"error": "It came too late to the call. Nothing was sent."}
    endings.move(deactivation, state, answer=answer, now=clock(), key=acting.key)
    deactivation.refresh_from_db()
    if deactivation.state == State.REFUSED:
        endings.observe_meanwhile(deactivation, now=clock())
    poll_state.poll_soon(deactivation.workspace, now=clock())


def request(
    *,
    target: Target,
    acting: Acting,
    by: Actor,
    reason: str,
    now: datetime,
    plan: Plan = AT_ONCE,
    still: Callable[[], None] = lambda: None,
) -> Deactivation:
    """Commit what is about to be done. When this raises, nothing has been done: AlreadyRequested,
    NotRecorded, or what `still` raises, which is asked when nothing can change any more.
    """
    try:
        with committed():
            hold(target.workspace)
            still()
            deactivation = add(target=target, by=by, reason=reason, now=now, plan=plan)
            bump(target.workspace)
            told_of(deactivation, target=target, acting=acting, by=by, plan=plan, now=now)
    except AlreadyRequested as already:
        refused(target, by=by, reason=reason, answer=already.told, now=now)
        raise
    return deactivation


def add(*, target: Target, by: Actor, reason: str, now: datetime, plan: Plan) -> Deactivation:
    """The row alone. Raises AlreadyRequested."""
    how = {name: value for name, value in vars(plan).items() if name != "token"}
    try:
        with transaction.atomic():
            return Deactivation.objects.create(
                workspace=target.workspace,
                noun=kind_of(target).noun,
                target_remote_id=target.remote_id,
                target_owner=target.owner_email,
                incident=uuid.uuid4(),
                state=plan.state,
                person=by["person"],
                role=by["role"],
                reason=reason,
                requested_at=now,
                sent_at=now if plan.state == State.REQUESTED else None,
                state_since=now,
                ask_at=plan.due_at or now + CALL_TAKES_AT_MOST,
                **how,
            )
    except IntegrityError:
        open_one = Deactivation.objects.open_for(target)
        if open_one is None:
            raise
        raise AlreadyRequested(open_one) from None


def told_of(
    deactivation: Deactivation,
    *,
    target: Target,
    acting: Acting,
    by: Actor,
    plan: Plan,
    now: datetime,
) -> None:
    noun = deactivation.noun
    if plan.broke_glass:
        record(
            **by,
            **deactivation.about,
            action=f"{noun}.break_glass",
            outcome=Outcome.SUCCEEDED,
            target_name=target.base_model,
            reason=deactivation.reason,
            answer={"passed_over": plan.why_approval},
            incident=deactivation.incident,
            now=now,
        )
    record(
        **by,
        **deactivation.about,
        action=f"{noun}.deactivate",
        outcome=Outcome.REQUESTED,
        key_label=acting.key.name,
        key_fingerprint=acting.key.fingerprint,
        target_name=target.base_model,
        reason=deactivation.reason,
        answer=plan.told(),
        incident=deactivation.incident,
        now=now,
    )


def refused(
    target: Target, *, by: Actor, reason: str, answer: dict[str, Any], now: datetime
) -> None:
    """Record that it was asked for and, by us, not done."""
    noun = kind_of(target).noun
    record(
        **by,
        action=f"{noun}.deactivate",
        outcome=Outcome.REFUSED,
        target_noun=noun,
        target_id=target.remote_id,
        target_name=target.base_model,
        target_owner=target.owner_email,
        reason=reason,
        answer=answer,
        now=now,
    )


def call(client: Client, noun: str, remote_id: str) -> tuple[State, dict[str, Any]]:
    try:
        ended = KINDS[noun].ask(client, remote_id)
    except errors.LoopsError as error:
        state = State.UNKNOWN if error.may_have_been_received else State.REFUSED
        return state, {"error": error.message, "said": error.plain}
    answer = {"id": ended.id, "base_model": ended.base_model}
    return (State.SUCCEEDED if ended.id == remote_id else State.UNKNOWN), answer
