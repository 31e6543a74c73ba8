"""Sending what waited: once it is due, what is known then decides whether it is still done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from loopsweb.audit.models import Event, Outcome
from loopsweb.audit.record import Actor, nobody, record
from loopsweb.keys.clients import Acting
from loopsweb.resources.deactivations import actions, endings
from loopsweb.resources.deactivations.models import NOT_SENT, Deactivation, State
from loopsweb.resources.deactivations.readiness import NoLonger, ready, requested
from loopsweb.resources.snapshot.store import bump, hold

log = logging.getLogger(__name__)
UNTOLD = "This request stands in the database and not in the trail. Nothing was sent."

AT_ONE_TICK = 10
TAKEN_FOR = timedelta(seconds=30)
TOO_LATE_AFTER = timedelta(minutes=10)


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
    """What nobody approved in time, and what could not be sent when it was due, is not done.

    What cannot be told of one, such as in a damaged trail, holds up no other.
    """
    unapproved = Q(state=State.WAITING, expires_at__lte=now)
    late = Q(state=State.DUE, due_at__lte=now - TOO_LATE_AFTER)
    for row in Deactivation.objects.filter(unapproved | late).select_related("workspace"):
        why = "Nobody approved it in time."
        if row.state == State.DUE:
            why = "It could not be sent when it was due, and is too old to be sent now."
        try:
            drop(row, State.EXPIRED, why=why, now=now)
        except IntegrityError as error:
            log.critical("%s could not expire: %s", row, error)


def carry_out(deactivation_id: int, *, clock: Callable[[], datetime]) -> None:
    """Send it, once: a process that dies from here on leaves what settling resolves."""
    waiting = Deactivation.objects.select_related("workspace__team")
    deactivation = waiting.filter(pk=deactivation_id, state__in=NOT_SENT).first()
    now = clock()
    if deactivation is None or not deactivation.due_at or deactivation.due_at > now:
        return
    try:
        acting = take(deactivation, now=now)
    except NoLonger as why:
        drop(deactivation, State.WITHDRAWN, why=str(why), now=now)
        return
    if acting:
        deactivation.refresh_from_db()
        actions.send(deactivation, acting=acting, clock=clock)


@transaction.atomic
def take(deactivation: Deactivation, *, now: datetime) -> Acting | None:
    """Look at everything again and mark it as sent, in one; None where somebody else did.

    Raises NoLonger.
    """
    hold(deactivation.workspace)
    acting = ready(deactivation)
    mine = Deactivation.objects.filter(pk=deactivation.pk, state=State.DUE)
    answers_by = now + actions.CALL_TAKES_AT_MOST
    if not mine.update(state=State.REQUESTED, sent_at=now, state_since=now, ask_at=answers_by):
        return None
    bump(deactivation.workspace)
    return acting


def drop(deactivation: Deactivation, state: State, *, why: str, now: datetime) -> None:
    """It is not sent, which nobody decided but loopsweb itself."""
    by = nobody(deactivation.workspace.slug)
    try:
        requested(deactivation)
    except Event.DoesNotExist:
        untold(deactivation, by=by, now=now)
    else:
        endings.move(deactivation, state, answer={"error": why}, by=by, now=now)


@transaction.atomic
def untold(deactivation: Deactivation, *, by: Actor, now: datetime) -> None:
    """A row of which the trail knows nothing: somebody wrote it into the database."""
    hold(deactivation.workspace)
    rows = Deactivation.objects.filter(pk=deactivation.pk, state__in=NOT_SENT)
    if not rows.update(state=State.EXPIRED, state_since=now, answer={"error": UNTOLD}):
        return
    bump(deactivation.workspace)
    log.critical("%s stands in no trail", deactivation)
    record(
        **by,
        **deactivation.about,
        action=f"{deactivation.noun}.deactivate",
        outcome=Outcome.REFUSED,
        answer={"error": UNTOLD},
        now=now,
    )
