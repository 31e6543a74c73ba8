"""Asking what became of a deactivation, with whatever key of the workspace can ask."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Case, Q, When

from loopsweb.keys.clients import KeyUnusable, client_of
from loopsweb.keys.models import Key
from loopsweb.loops_api import Client, errors
from loopsweb.resources.deactivations import endings
from loopsweb.resources.deactivations.models import SENT, Deactivation, State
from loopsweb.resources.deactivations.targets import KINDS
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.poll_state import PollState

log = logging.getLogger(__name__)

PATIENCE = {State.UNKNOWN: timedelta(minutes=2), State.SUCCEEDED: timedelta(minutes=15)}
GONE_FOR = timedelta(days=1)
LONGEST_WAIT = timedelta(minutes=10)
ASK_AGAIN = [  # (up to this age, wait this long)
    (timedelta(seconds=60), timedelta(seconds=2)),
    (timedelta(minutes=10), timedelta(seconds=15)),
    (timedelta.max, timedelta(minutes=2)),
]


def claim(*, now: datetime) -> list[int]:
    """Ids of the deactivations that were sent whose outcome this process is to ask for now."""
    claimed = []
    turned_back = Q(ask_at__gt=now + LONGEST_WAIT)  # the clock, since it was set
    waiting = Deactivation.objects.filter(Q(ask_at__lte=now) | turned_back, state__in=SENT)
    for row in waiting:
        age = now - (row.sent_at or row.requested_at)
        wait = next(wait for limit, wait in ASK_AGAIN if age <= limit)
        rows = Deactivation.objects.filter(pk=row.pk, ask_at=row.ask_at)
        if rows.update(ask_at=now + wait):
            claimed.append(row.pk)
    return claimed


def settle(deactivation_id: int, *, now: datetime) -> None:
    deactivation = Deactivation.objects.select_related("workspace").get(pk=deactivation_id)
    if deactivation.state == State.REQUESTED:
        lost = {"error": "The process that made the request ended before the answer came."}
        endings.move(deactivation, State.UNKNOWN, answer=lost, now=now)
        deactivation.refresh_from_db()
    key = key_to_ask_with(deactivation)
    if key is None:
        log.warning("no key can ask about %s", deactivation)
        return
    feed = Feed.of(PollState.objects.get(key=key), KINDS[deactivation.noun].plural)
    reading = Reading.by(key, now=now, previous_at=feed.as_of)
    try:
        ask(deactivation, client=client_of(key), reading=reading)
    except (KeyUnusable, errors.LoopsError) as error:
        log.warning("asking about %s failed: %s", deactivation, error)


def key_to_ask_with(deactivation: Deactivation) -> Key | None:
    """The one that saw it last, else whichever sees most."""
    row = KINDS[deactivation.noun].find(deactivation.workspace, deactivation.target_remote_id)
    keys = Key.objects.in_workspace(deactivation.workspace).usable().exclude(can_manage=False)
    saw_it = Case(When(pk=row.source_key_id if row else None, then=0), default=1)
    return keys.order_by(saw_it, "-sees_organisation", "pk").first()


def ask(deactivation: Deactivation, *, client: Client, reading: Reading) -> None:
    """Ask the API what became of it, after a crash as after an answer that never came.

    *confirmed* once it is seen stopped; *refused* when an unknown request visibly had no effect.
    Raises errors.LoopsError when the API cannot say; then it is asked again later.
    """
    now = reading.now
    kind = KINDS[deactivation.noun]
    status = kind.status_of(client, deactivation.target_remote_id, reading=reading)
    deactivation.refresh_from_db()
    age = now - (deactivation.sent_at or deactivation.requested_at)
    if not status:
        if age > GONE_FOR:
            gone = {"error": "The API has not known it for a day. Whether it stopped is not known."}
            endings.move(deactivation, State.LOST, answer=gone, now=now)
        return
    if kind.has_ended(status):
        endings.close(deactivation, status=status, now=now)
    elif deactivation.state in PATIENCE and age > PATIENCE[State(deactivation.state)]:
        said = f"The API still reports {status}, so the request seems to have had no effect."
        still = {"error": said, "assumed": True}
        endings.move(deactivation, State.REFUSED, answer=still, now=now)
