"""Sending a request that is due: the last checks, and the one call of the API."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from loopsweb.accounts.auth import mfa
from loopsweb.accounts.authorization.roles import Permission, permissions_of
from loopsweb.accounts.models import Membership, User, Workspace
from loopsweb.audit.models import Event, Outcome
from loopsweb.keys.clients import KeyClient, NoKey, find_client
from loopsweb.loops_api import Client, errors
from loopsweb.resources.deactivations import reconcile
from loopsweb.resources.deactivations.cancellation import DAMAGES, cancel_request, find_events
from loopsweb.resources.deactivations.impact import Impact, assess_impact
from loopsweb.resources.deactivations.models import MAX_APPROVAL_HOURS, Deactivation
from loopsweb.resources.deactivations.requirements import (
    find_requirements,
    list_own_emails,
    load_policy,
)
from loopsweb.resources.deactivations.states import STATES, State
from loopsweb.resources.deactivations.sync_waits import assess_waits
from loopsweb.resources.deactivations.targets import KINDS, Target, explain_shared_end
from loopsweb.resources.snapshot import poll_state
from loopsweb.resources.snapshot.store import lock_workspace
from loopsweb.ui.errors import OUTAGES

log = logging.getLogger(__name__)

SEND_LEASE = timedelta(seconds=30)  # how long a due request belongs to one process
MAX_DELAY = STATES[State.DUE].max_duration or timedelta()  # what is older expires
MAX_APPROVAL = timedelta(hours=MAX_APPROVAL_HOURS)
SEND_WINDOW = timedelta(seconds=15)  # later, the call would overlap with asking for its outcome


class NotReady(Exception):
    """The request is not sent after all. The message says why."""


def find_due(*, now: datetime) -> QuerySet[Deactivation]:
    """The requests to send now, first due first. None while the site is read-only."""
    due = Deactivation.objects.filter(state=State.DUE, ask_at__lte=now).order_by("ask_at", "pk")
    return due.none() if settings.LOOPSWEB_READ_ONLY else due


def claim(due: Deactivation, *, now: datetime) -> bool:
    """False when another process sends it."""
    rows = Deactivation.objects.filter(pk=due.pk, state=State.DUE, ask_at=due.ask_at)
    return bool(rows.update(ask_at=now + SEND_LEASE))


def expire_overdue(*, now: datetime) -> None:
    """Expire what nobody approved, what had not synced, and what could not be sent in time.

    A request whose trail is damaged holds up no other.
    """
    unsynced = Q(sync_until__lte=now, state__in=(State.WAITING, State.SYNCING))
    unapproved = Q(expires_at__lte=now) | Q(expires_at=None, requested_at__lte=now - MAX_APPROVAL)
    unsent = Q(due_at__lte=now - MAX_DELAY) | Q(due_at=None, requested_at__lte=now - MAX_DELAY)
    overdue = unsynced | Q(unapproved, state=State.WAITING) | Q(unsent, state=State.DUE)
    for row in Deactivation.objects.filter(overdue).select_related("workspace"):
        try:
            cancel_request(row, State.EXPIRED, why=row.spec.timeout_reason, now=now)
        except DAMAGES as error:
            log.critical("%s could not expire: %s", row, error)


def dispatch(deactivation_id: int, *, clock: Callable[[], datetime]) -> None:
    """Send a due request, once, as a page does at once and the worker later.

    clock: tells aware times in UTC. If anything differs from what was requested, the request is
    withdrawn. A process that dies from here on leaves what `reconcile` resolves.
    """
    now = clock()
    due = Deactivation.objects.filter(pk=deactivation_id, state=State.DUE, due_at__lte=now)
    due = due.filter(due_at__gt=now - MAX_DELAY)
    deactivation = due.select_related("workspace__team").first()
    if deactivation is None:
        return
    try:
        acting = mark_as_sent(deactivation, now=now)
    except NotReady as error:
        cancel_request(deactivation, State.WITHDRAWN, why=str(error), now=now)
        return
    if acting:
        send_request(deactivation, acting=acting, clock=clock)


def dispatch_at_once(deactivation: Deactivation, *, clock: Callable[[], datetime]) -> None:
    """Send it for a page that waits, if it is due. A database outage leaves it to the worker."""
    try:
        dispatch(deactivation.pk, clock=clock)
        deactivation.refresh_from_db()
    except OUTAGES:
        log.exception("%s is left to the worker", deactivation)


@transaction.atomic
def mark_as_sent(deactivation: Deactivation, *, now: datetime) -> KeyClient | None:
    """Check everything again and mark it as sent; None where another process did.

    Raises NotReady.
    """
    lock_workspace(deactivation.workspace)
    acting = check_ready(deactivation)
    answer_due = now + (STATES[State.REQUESTED].max_duration or timedelta())
    is_taken = deactivation.move_to(State.REQUESTED, now=now, sent_at=now, ask_at=answer_due)
    return acting if is_taken else None


def send_request(
    deactivation: Deactivation, *, acting: KeyClient, clock: Callable[[], datetime]
) -> None:
    """Make the one call. A process that was held up too long makes none."""
    in_time = Deactivation.objects.filter(
        pk=deactivation.pk, state=State.REQUESTED, sent_at__gt=clock() - SEND_WINDOW
    )
    if in_time.exists():
        state, answer = call_api(acting.client, deactivation.noun, deactivation.target_remote_id)
    else:
        state, answer = State.REFUSED, {"error": "The send window expired. Nothing was sent."}
    deactivation.move_to(state, answer=answer, now=clock(), key=acting.key)
    deactivation.refresh_from_db()
    if deactivation.state == State.REFUSED:
        reconcile.record_stop_meanwhile(deactivation, now=clock())
    poll_state.schedule_polls(deactivation.workspace, now=clock())


def call_api(client: Client, noun: str, remote_id: str) -> tuple[State, dict[str, Any]]:
    """The state that the API's answer leads to, and the answer as it is recorded."""
    try:
        ended = KINDS[noun].deactivate(client, remote_id)
    except errors.LoopsError as error:
        state = State.UNKNOWN if error.may_have_been_received else State.REFUSED
        return state, {"error": error.message, "said": error.plain}
    answer = {"id": ended.id, "base_model": ended.base_model}
    return (State.SUCCEEDED if ended.id == remote_id else State.UNKNOWN), answer


def check_ready(deactivation: Deactivation) -> KeyClient:
    """Return the client and the key to send it with. Raises NotReady."""
    requested_event = find_events(deactivation).filter(outcome=Outcome.REQUESTED).first()
    if requested_event is None:
        raise NotReady("The audit trail does not have this request.")
    [wait] = assess_waits([deactivation])
    if wait.pending:
        raise NotReady(wait.problem or f"{wait.pending[0]} is not known to have synced.")
    impact = assess_impact(check_target(deactivation))
    if additions := impact.find_additions(deactivation.foreseen):
        named = "; ".join(f"{name}: {', '.join(ids)}" for name, ids in additions.items())
        raise NotReady(f"More would be deactivated or lost than the requester saw. {named}")
    workspace, broke_glass = (
        deactivation.workspace,
        (requested_event.answer or {}).get("broke_glass"),
    )
    needed = Permission.MANAGE_TEAM if broke_glass else Permission.DEACTIVATE
    person = check_member(workspace, deactivation.person, "The requester", permission=needed)
    if deactivation.approver:
        check_member(workspace, deactivation.approver, "The approver")
    if not broke_glass:
        check_requirements(deactivation, requested_event, impact, person)
    method = KINDS[deactivation.noun].method
    try:
        return find_client(workspace=workspace, person=person, method=method)
    except NoKey as error:
        raise NotReady(str(error)) from error


def check_target(deactivation: Deactivation) -> Target:
    """Raises NotReady."""
    target = KINDS[deactivation.noun].find(deactivation.workspace, deactivation.target_remote_id)
    if target is None:
        raise NotReady("This workspace no longer has it.")
    if (
        why := f"It is already {target.status}."
        if target.is_terminal
        else explain_shared_end(target)
    ):
        raise NotReady(why)
    return target


def check_member(
    workspace: Workspace, email: str, who: str, *, permission: Permission = Permission.DEACTIVATE
) -> User:
    """Raises NotReady. who: in words, such as "The requester"."""
    members = Membership.objects.filter(team=workspace.team, user__is_active=True)
    member = members.filter(user__email__iexact=email).select_related("user").first()
    if member is None or permission not in permissions_of(member.role):
        raise NotReady(f"{who} no longer has permission.")
    if mfa.lacks_required_mfa(member.user, workspace.team):
        raise NotReady(f"{who} has not set up two-factor authentication, which this team requires.")
    return member.user


def check_requirements(
    deactivation: Deactivation, requested_event: Event, impact: Impact, person: User
) -> None:
    """Check today's policy against the trail, not against the row alone. Raises NotReady."""
    requirements = find_requirements(
        impact,
        policy=load_policy(deactivation.workspace.team),
        own_emails=list_own_emails(deactivation.workspace, person),
    )
    if requirements.refusal:
        raise NotReady(requirements.refusal)
    needs_approval = (requested_event.answer or {}).get("waits_for") or requirements.approval
    is_approved = find_events(deactivation).filter(outcome=Outcome.APPROVED).exists()
    if needs_approval and not is_approved:
        raise NotReady(f"A second person has not approved it. {requirements.approval}".strip())
