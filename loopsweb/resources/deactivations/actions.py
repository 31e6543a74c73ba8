"""Requesting deactivations and deciding on them. Nothing here calls the API: see `dispatch`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from loopsweb.audit.durable import durable_transaction
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations import dispatch
from loopsweb.resources.deactivations.impact import Impact
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.preflight import freeze_impact, observe_target
from loopsweb.resources.deactivations.requirements import (
    Schedule,
    find_requirements,
    list_own_emails,
)
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.deactivations.targets import Target, describe_target
from loopsweb.resources.deactivations.transitions import IllegalTransition
from loopsweb.resources.snapshot.store import lock_workspace, touch_version

ALREADY_REQUESTED = "A deactivation has already been requested."
TOO_LATE = "It was already decided or sent."


class AlreadyRequested(Exception):
    """An open request exists: `deactivation`. Nothing was requested again."""

    def __init__(self, deactivation: Deactivation) -> None:
        super().__init__(ALREADY_REQUESTED)
        self.deactivation = deactivation

    @property
    def answer(self) -> dict[str, str]:
        """The answer that the audit event records."""
        return {"error": ALREADY_REQUESTED, "first": str(self.deactivation.incident)}


class CannotDecide(Exception):
    """This person cannot decide, or it is too late. The message says why."""


def request_deactivation(
    *,
    target: Target,
    key: Key,
    by: Actor,
    reason: str,
    schedule: Schedule,
    now: datetime,
    token: str = "",
) -> Deactivation:
    """Commit the request to end `target`. The caller or the worker sends it when it is due.

    key: the API key that would be used now. token: the access token that a script used.
    Raises AlreadyRequested, NotRecorded; then nothing is requested.
    """
    try:
        with durable_transaction():
            lock_workspace(target.workspace)
            deactivation = add_request(
                target=target, by=by, reason=reason, schedule=schedule, now=now
            )
            touch_version(target.workspace)
            record_request(deactivation, target=target, key=key, by=by, token=token)
    except AlreadyRequested as already:
        record_refusal(target, by=by, reason=reason, answer=already.answer, now=now)
        raise
    return deactivation


def add_request(
    *, target: Target, by: Actor, reason: str, schedule: Schedule, now: datetime
) -> Deactivation:
    """Create the row alone. Raises AlreadyRequested.

    Whoever requested it sends it; the worker takes over when they have not after a while.
    """
    due_at = None if schedule.expires_at else schedule.due_at or now
    is_due = schedule.state == State.DUE and due_at == now
    sent_by_page = is_due and schedule.batch is None
    try:
        with transaction.atomic():
            return Deactivation.objects.create(
                workspace=target.workspace,
                noun=target.noun,
                target_remote_id=target.remote_id,
                target_owner=target.owner_email,
                state=schedule.state,
                person=by["person"],
                role=by["role"],
                reason=reason,
                requested_at=now,
                state_since=now,
                ask_at=now + dispatch.SEND_LEASE if sent_by_page else due_at or now,
                **vars(schedule) | {"due_at": due_at},
            )
    except IntegrityError:
        open_request = Deactivation.objects.find_open(target)
        if open_request is None:
            raise
        raise AlreadyRequested(open_request) from None


def record_request(
    deactivation: Deactivation, *, target: Target, key: Key, by: Actor, token: str = ""
) -> None:
    event: dict[str, Any] = {
        **by,
        **deactivation.audit_target,
        "target_name": target.base_model,
        "reason": deactivation.reason,
        "incident": deactivation.incident,
        "now": deactivation.requested_at,
    }
    if deactivation.broke_glass:
        record_event(
            **event,
            action=f"{deactivation.noun}.break_glass",
            outcome=Outcome.SUCCEEDED,
            answer={"passed_over": deactivation.why_approval},
        )
    record_event(
        **event,
        action=f"{deactivation.noun}.deactivate",
        outcome=Outcome.REQUESTED,
        key_label=key.name,
        key_fingerprint=key.fingerprint,
        answer=describe_request(deactivation, token=token) or None,
    )


def describe_request(deactivation: Deactivation, *, token: str) -> dict[str, Any]:
    """The answer of the audit event *requested*."""
    described: dict[str, Any] = {}
    if deactivation.preflight:
        described["preflight"] = deactivation.preflight
    if deactivation.expires_at:
        until = deactivation.expires_at.isoformat()
        described |= {"waits_for": "a second person", "until": until}
    if deactivation.sync_until:
        ids = [each["id"] for each in deactivation.awaited]
        until = deactivation.sync_until.isoformat()
        described["sent_after_sync"] = {"checkpoints": ids, "until": until}
    if deactivation.why_approval:
        described["demanded"] = deactivation.why_approval
    if deactivation.broke_glass:
        described["broke_glass"] = True
    if deactivation.due_at and deactivation.is_delayed:
        described["sent_from"] = deactivation.due_at.isoformat()
    if token:
        described["token"] = token
    if deactivation.batch:
        described["batch"] = str(deactivation.batch.uid)
    return described


def record_refusal(
    target: Target, *, by: Actor, reason: str, answer: dict[str, Any], now: datetime
) -> None:
    """Record that it was requested and that loopsweb refused."""
    record_event(
        **by,
        **describe_target(target),
        action=f"{target.noun}.deactivate",
        outcome=Outcome.REFUSED,
        reason=reason,
        answer=answer,
        now=now,
    )


def approve(
    deactivation: Deactivation, *, by: Actor, impact: Impact, policy: Policy, now: datetime
) -> None:
    """Approve ending what `impact` shows. It is sent once the time to undo has passed, and the
    checkpoints that it waits for have synced.

    Raises CannotDecide.
    """
    if by["person"].lower() == deactivation.person.lower():
        raise CannotDecide("You requested this yourself. Somebody else has to approve it.")
    if deactivation.expires_at and deactivation.expires_at <= now:
        raise CannotDecide("This request expired. Request it again.")
    try:
        dispatch.check_target(deactivation)
        requester = dispatch.check_member(
            deactivation.workspace, deactivation.person, "The requester"
        )
    except dispatch.NotReady as error:
        raise CannotDecide(str(error)) from error
    own_emails = list_own_emails(deactivation.workspace, requester)
    if refusal := find_requirements(impact, policy=policy, own_emails=own_emails).refusal:
        raise CannotDecide(refusal)
    due_at = now + timedelta(seconds=policy.undo_seconds)
    facts = freeze_impact(impact, as_of=observe_target(impact.target, now=now))
    with transaction.atomic():
        decide(
            deactivation,
            State.SYNCING if deactivation.awaited else State.DUE,
            answer={"sent_from": due_at.isoformat(), "preflight": facts},
            by=by,
            now=now,
            approver=by["person"],
            foreseen=impact.foreseen,
            preflight=deactivation.preflight | facts,
            due_at=due_at,
            ask_at=due_at,
        )
        deactivation.save(update_fields=["search_text"])


def decline(deactivation: Deactivation, *, by: Actor, note: str, now: datetime) -> None:
    """Raises CannotDecide."""
    if by["person"].lower() == deactivation.person.lower():
        raise CannotDecide("You requested this yourself. Withdraw it instead.")
    decide(deactivation, State.DECLINED, by=by, note=note, now=now)


def withdraw(deactivation: Deactivation, *, by: Actor, note: str, now: datetime) -> None:
    """Withdraw it before it is sent; anyone who may deactivate can. Raises CannotDecide."""
    decide(deactivation, State.WITHDRAWN, by=by, note=note, now=now)


def decide(deactivation: Deactivation, state: State, **fields: Any) -> None:
    """Raises CannotDecide."""
    try:
        is_decided = deactivation.move_to(state, **{"answer": {}} | fields)
    except IllegalTransition as error:
        raise CannotDecide(TOO_LATE) from error
    if not is_decided:
        raise CannotDecide(TOO_LATE)
