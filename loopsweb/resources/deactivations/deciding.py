"""Approving, declining and taking back what has not been sent yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from loopsweb.audit.record import Actor
from loopsweb.resources.deactivations import endings
from loopsweb.resources.deactivations.demands import demands, own_addresses
from loopsweb.resources.deactivations.models import Deactivation, State
from loopsweb.resources.deactivations.policies import Policy
from loopsweb.resources.deactivations.preflight import Preflight
from loopsweb.resources.deactivations.readiness import NoLonger, still_allowed, still_there

TOO_LATE = "Somebody decided first, or it was sent already."


class CannotDecide(Exception):
    """Not by this person, or not any more. The message says why."""


def approve(
    deactivation: Deactivation, *, by: Actor, seen: Preflight, policy: Policy, now: datetime
) -> None:
    """`by` agrees to end what `seen` shows; it is sent once the time to undo has passed.

    Raises CannotDecide.
    """
    if by["person"].lower() == deactivation.person.lower():
        raise CannotDecide("You asked for this yourself: somebody else has to approve it.")
    if deactivation.expires_at and deactivation.expires_at <= now:
        raise CannotDecide("Nobody approved this in time. Ask for it again.")
    try:
        still_there(deactivation)
        person = still_allowed(deactivation.workspace, deactivation.person, "Whoever asked")
    except NoLonger as why:
        raise CannotDecide(str(why)) from why
    own = own_addresses(deactivation.workspace, person)
    if refused := demands(seen, policy=policy, own=own).refused:
        raise CannotDecide(refused)
    due_at = now + timedelta(seconds=policy.undo_seconds)
    taken = endings.move(
        deactivation,
        State.DUE,
        answer={"sent_from": due_at.isoformat()},
        by=by,
        now=now,
        approver=by["person"],
        foreseen=seen.foreseen,
        due_at=due_at,
        ask_at=due_at,
    )
    if not taken:
        raise CannotDecide(TOO_LATE)


def decline(deactivation: Deactivation, *, by: Actor, reason: str, now: datetime) -> None:
    """`by` does not agree. Raises CannotDecide."""
    if by["person"].lower() == deactivation.person.lower():
        raise CannotDecide("You asked for this yourself: take it back instead.")
    _end(deactivation, State.DECLINED, by=by, reason=reason, now=now)


def withdraw(deactivation: Deactivation, *, by: Actor, reason: str, now: datetime) -> None:
    """Taken back, by whoever asked or by somebody who may deactivate too. Raises CannotDecide."""
    _end(deactivation, State.WITHDRAWN, by=by, reason=reason, now=now)


def _end(
    deactivation: Deactivation, state: State, *, by: Actor, reason: str, now: datetime
) -> None:
    if not endings.move(deactivation, state, answer={}, by=by, note=reason, now=now):
        raise CannotDecide(TOO_LATE)
