"""Sending what waited: once it is due, what is known then decides whether it is still done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from loopsweb.accounts.models import Membership, User, Workspace
from loopsweb.accounts.permissions import Permission, permissions_of
from loopsweb.keys.clients import Acting, NoKey, client_for
from loopsweb.resources.deactivations import actions, endings
from loopsweb.resources.deactivations.models import NOT_SENT, Deactivation, State
from loopsweb.resources.deactivations.preflight import preflight
from loopsweb.resources.deactivations.targets import KINDS
from loopsweb.resources.keeping import bump

AT_ONE_TICK = 10
TAKEN_FOR = timedelta(seconds=30)
TOO_LATE_AFTER = timedelta(minutes=10)


class NoLonger(Exception):
    """It is not sent after all. The message says why."""


def claim(*, now: datetime) -> list[int]:
    """Ids of the deactivations that this process is to send now, first due first."""
    if settings.LOOPSWEB_READ_ONLY:
        return []
    due = Deactivation.objects.filter(state=State.DUE, ask_at__lte=now).order_by("ask_at", "pk")
    return [
        row.pk
        for row in due[:AT_ONE_TICK]
        if Deactivation.objects.filter(pk=row.pk, state=State.DUE, ask_at=row.ask_at).update(
            ask_at=now + TAKEN_FOR
        )
    ]


def expire(*, now: datetime) -> None:
    """What nobody approved in time, and what could not be sent when it was due, is not done."""
    unapproved = Q(state=State.WAITING, expires_at__lte=now)
    late = Q(state=State.DUE, due_at__lte=now - TOO_LATE_AFTER)
    for row in Deactivation.objects.filter(unapproved | late).select_related("workspace"):
        why = "Nobody approved it in time."
        if row.state == State.DUE:
            why = "It could not be sent when it was due, and is too old to be sent now."
        endings.move(row, State.EXPIRED, answer={"error": why}, now=now)


def carry_out(deactivation_id: int, *, clock: Callable[[], datetime]) -> None:
    """Send it, once: a process that dies from here on leaves what settling resolves."""
    waiting = Deactivation.objects.select_related("workspace__team")
    deactivation = waiting.filter(pk=deactivation_id, state__in=NOT_SENT).first()
    now = clock()
    if deactivation is None or not deactivation.due_at or deactivation.due_at > now:
        return
    try:
        acting = ready(deactivation)
    except NoLonger as why:
        endings.move(deactivation, State.WITHDRAWN, answer={"error": str(why)}, now=now)
        return
    mine = Deactivation.objects.filter(pk=deactivation.pk, state=State.DUE)
    answers_by = now + actions.CALL_TAKES_AT_MOST
    if mine.update(state=State.REQUESTED, state_since=now, ask_at=answers_by):
        bump(deactivation.workspace)
        deactivation.refresh_from_db()
        actions.send(deactivation, client=acting.client, clock=clock)


def ready(deactivation: Deactivation) -> Acting:
    """The pre-flight once more, and whether the person may still. Raises NoLonger."""
    kind = KINDS[deactivation.noun]
    target = kind.find(deactivation.workspace, deactivation.target_remote_id)
    if target is None:
        raise NoLonger("It is not known here any more.")
    if target.is_terminal:
        raise NoLonger(f"It is {target.status} already.")
    if more := preflight(target).beyond(deactivation.foreseen):
        said = "; ".join(f"{name}: {', '.join(ids)}" for name, ids in more.items())
        raise NoLonger(f"It would end or lose more than was shown. {said}")
    person = still_allowed(deactivation.workspace, deactivation.person)
    try:
        return client_for(workspace=deactivation.workspace, person=person, method=kind.method)
    except NoKey as error:
        raise NoLonger(str(error)) from error


def still_allowed(workspace: Workspace, email: str) -> User:
    members = Membership.objects.filter(team=workspace.team, user__is_active=True)
    member = members.filter(user__email__iexact=email).select_related("user").first()
    if member is None or Permission.DEACTIVATE not in permissions_of(member.role):
        raise NoLonger("Whoever asked may not deactivate here any more.")
    return member.user
