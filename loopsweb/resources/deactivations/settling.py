"""Asking what became of a deactivation, with whatever key of the workspace can ask."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from loopsweb.keys.clients import KeyUnusable, client_of
from loopsweb.keys.models import Key
from loopsweb.loops_api import Client, errors
from loopsweb.resources.deactivations import endings
from loopsweb.resources.deactivations.models import SENT, Deactivation, State
from loopsweb.resources.deactivations.targets import KINDS
from loopsweb.resources.feeds import Feed
from loopsweb.resources.poll_state import PollState
from loopsweb.resources.reading import Reading

log = logging.getLogger(__name__)

TAKES_EFFECT_WITHIN = timedelta(minutes=2)
ASK_AGAIN = [  # (up to this age, wait this long)
    (timedelta(seconds=60), timedelta(seconds=2)),
    (timedelta(minutes=10), timedelta(seconds=15)),
    (timedelta.max, timedelta(minutes=2)),
]


def claim(*, now: datetime) -> list[int]:
    """Ids of the deactivations that were sent whose outcome this process is to ask for now."""
    claimed = []
    for row in Deactivation.objects.filter(state__in=SENT, ask_at__lte=now):
        age = now - (row.due_at or row.requested_at)
        wait = next(wait for limit, wait in ASK_AGAIN if age <= limit)
        rows = Deactivation.objects.filter(pk=row.pk, ask_at=row.ask_at)
        if rows.update(ask_at=now + wait):
            claimed.append(row.pk)
    return claimed


def settle(deactivation_id: int, *, now: datetime) -> None:
    deactivation = Deactivation.objects.select_related("workspace").get(pk=deactivation_id)
    workspace = deactivation.workspace
    keys = Key.objects.in_workspace(workspace).usable().exclude(can_manage=False)
    key = keys.order_by("-sees_organisation", "pk").first()
    if key is None:
        log.warning("no key can ask about %s", deactivation)
        return
    feed = Feed.of(PollState.objects.get(key=key), KINDS[deactivation.noun].plural)
    reading = Reading.by(key, now=now, previous_at=feed.as_of)
    try:
        ask(deactivation, client=client_of(key), reading=reading)
    except (KeyUnusable, errors.LoopsError) as error:
        log.warning("asking about %s failed: %s", deactivation, error)


def ask(deactivation: Deactivation, *, client: Client, reading: Reading) -> None:
    """Ask the API what became of it, after a crash as after an answer that never came.

    *confirmed* once it is seen stopped; *refused* when an unknown request visibly had no effect.
    Raises errors.LoopsError when the API cannot say; then it is asked again later.
    """
    now = reading.now
    if deactivation.state == State.REQUESTED:
        lost = {"error": "The process that made the request ended before the answer came."}
        endings.move(deactivation, State.UNKNOWN, answer=lost, now=now)
    kind = KINDS[deactivation.noun]
    status = kind.status_of(client, deactivation.target_remote_id, reading=reading)
    deactivation.refresh_from_db()
    if not status:
        return
    sent_at = deactivation.due_at or deactivation.requested_at
    if kind.has_ended(status):
        endings.close(deactivation, status=status, now=now)
    elif deactivation.state == State.UNKNOWN and now - sent_at > TAKES_EFFECT_WITHIN:
        said = f"The API still reports {status}, so the request seems to have had no effect."
        still = {"error": said, "assumed": True}
        endings.move(deactivation, State.REFUSED, answer=still, now=now)
