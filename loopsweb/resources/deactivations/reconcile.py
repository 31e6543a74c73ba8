"""Finds the outcome of requests that were sent: from the API, or from the snapshot."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Q, QuerySet, When

from loopsweb.audit.append import append_to_chain
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import build_event, record_event
from loopsweb.keys.clients import KeyUnusable, build_client
from loopsweb.keys.models import Key
from loopsweb.loops_api import Client, errors
from loopsweb.resources.deactivations.cancellation import DAMAGES, cancel_request
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import (
    LOST_AFTER,
    NOT_SENT,
    OPEN,
    SENT,
    STATES,
    State,
)
from loopsweb.resources.deactivations.targets import KINDS, describe_target
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.store import lock_workspace

log = logging.getLogger(__name__)

MAX_WAIT = timedelta(minutes=10)
ASK_AGAIN = [  # (up to this age, wait this long)
    (timedelta(seconds=60), timedelta(seconds=2)),
    (timedelta(minutes=10), timedelta(seconds=15)),
    (timedelta.max, timedelta(minutes=2)),
]
LATE_EFFECT = timedelta(minutes=15)  # later stops are not attributed to the request
RUN_STOP_WINDOW = timedelta(days=1)


def find_sent(*, now: datetime) -> QuerySet[Deactivation]:
    """The requests whose outcome is to be asked for now, the longest due first."""
    clock_turned_back = Q(ask_at__gt=now + MAX_WAIT)
    due = Q(ask_at__lte=now) | clock_turned_back
    return Deactivation.objects.filter(due, state__in=SENT).order_by("ask_at", "pk")


def claim(sent: Deactivation, *, now: datetime) -> bool:
    """False when another process asks."""
    age = now - (sent.sent_at or sent.requested_at)
    wait = next(wait for limit, wait in ASK_AGAIN if age <= limit)
    rows = Deactivation.objects.filter(pk=sent.pk, ask_at=sent.ask_at)
    return bool(rows.update(ask_at=now + wait))


def reconcile(deactivation_id: int, *, now: datetime) -> None:
    """Ask the API what became of a request, with whatever key of the workspace can ask."""
    deactivation = Deactivation.objects.select_related("workspace").get(pk=deactivation_id)
    if deactivation.state == State.REQUESTED:
        answer = {"error": deactivation.spec.timeout_reason}
        deactivation.move_to(State.UNKNOWN, answer=answer, now=now)
    key = choose_key_to_ask(deactivation)
    if key is None:
        log.warning("no key can ask about %s", deactivation)
        give_up_after_a_day(
            deactivation, why="Within a day no API key could ask about it.", now=now
        )
        return
    feed = Feed.load(PollState.objects.get(key=key), KINDS[deactivation.noun].plural)
    poll = PollContext.for_key(key, now=now, previous_at=feed.as_of)
    try:
        ask_outcome(deactivation, client=build_client(key), poll=poll)
    except (KeyUnusable, errors.LoopsError) as error:
        log.warning("asking about %s failed: %s", deactivation, error)
        give_up_after_a_day(deactivation, why="The API did not say within a day.", now=now)


def give_up_after_a_day(deactivation: Deactivation, *, why: str, now: datetime) -> None:
    if now - (deactivation.sent_at or deactivation.requested_at) > LOST_AFTER:
        answer = {"error": f"{why} It may still be running."}
        deactivation.move_to(State.LOST, answer=answer, now=now)


def choose_key_to_ask(deactivation: Deactivation) -> Key | None:
    """The key that saw the target last, else the one that sees most."""
    row = KINDS[deactivation.noun].find(deactivation.workspace, deactivation.target_remote_id)
    keys = Key.objects.in_workspace(deactivation.workspace).usable().exclude(can_manage=False)
    saw_it = Case(When(pk=row.source_key_id if row else None, then=0), default=1)
    return keys.order_by(saw_it, "-sees_organisation", "pk").first()


def ask_outcome(deactivation: Deactivation, *, client: Client, poll: PollContext) -> None:
    """Close the request as far as the API's answer allows.

    The answer goes into the snapshot, whose signal may close the request first.
    Raises errors.LoopsError when the API cannot say; then it is asked again later.
    """
    kind, now = KINDS[deactivation.noun], poll.now
    status = kind.fetch_status(client, deactivation.target_remote_id, poll=poll)
    deactivation.refresh_from_db()
    if deactivation.state not in SENT:
        return
    age = now - (deactivation.sent_at or deactivation.requested_at)
    max_duration = deactivation.spec.max_duration
    if status and kind.has_ended(status):
        close_request(deactivation, status=status, now=now)
    elif not status:
        give_up_after_a_day(deactivation, why="The API did not report it within a day.", now=now)
    elif deactivation.spec.next_state == State.REFUSED and max_duration and age > max_duration:
        error = deactivation.spec.timeout_reason.format(status=status)
        deactivation.move_to(State.REFUSED, answer={"error": error, "assumed": True}, now=now)


def close_request(deactivation: Deactivation, *, status: str, now: datetime) -> None:
    """The API shows the terminal `status`: only being stopped is *confirmed*.

    While the call is under way its own answer comes first.
    """
    is_stopped = status == KINDS[deactivation.noun].stopped
    state = State.CONFIRMED if is_stopped else State.ENDED
    if deactivation.state in STATES[state].follows:
        deactivation.move_to(state, answer={"status": status}, now=now)


def record_ends(changes: list[StatusChange], poll: PollContext, **_: Any) -> None:
    """Receive the snapshot's changes, all of one noun: close the requests whose targets ended,
    record stops that nobody here requested. The number of queries does not grow with the ends that
    nobody requested."""
    ends = [change for change in changes if is_end(change)]
    if not ends:
        return
    lock_workspace(poll.workspace)
    requests = find_unsettled(ends, poll=poll)
    unrequested = [end for end in ends if not settle_requests(requests[end.remote_id], end, poll)]
    stopped = KINDS["deployment"].stopped
    record_stops([end for end in unrequested if end.old and end.new == stopped], poll=poll)


def is_end(change: StatusChange) -> bool:
    kind = KINDS.get(change.noun)
    return kind is not None and change.field == "status" and kind.has_ended(change.new)


def find_unsettled(ends: list[StatusChange], *, poll: PollContext) -> dict[str, list[Deactivation]]:
    """The requests that an end of their target may settle, by its id, oldest first."""
    in_time = poll.now - LATE_EFFECT
    assumed = Q(state=State.REFUSED, answer__assumed=True, state_since__gte=in_time)
    rows = Deactivation.objects.filter(
        assumed | Q(state__in=OPEN),
        workspace=poll.workspace,
        noun=ends[0].noun,
        target_remote_id__in=[end.remote_id for end in ends],
    )
    found = defaultdict(list)
    for row in rows.order_by("pk"):
        row.workspace = poll.workspace
        found[row.target_remote_id].append(row)
    return found


def settle_requests(requests: list[Deactivation], end: StatusChange, poll: PollContext) -> bool:
    """False when none of them had been sent."""
    why = f"It ended before the request was sent: it is {end.new}."
    for unsent in [each for each in requests if each.state in NOT_SENT]:
        with passing_damage(unsent):
            cancel_request(unsent, State.EXPIRED, why=why, now=poll.now)
    sent = [each for each in requests if each.state in {*SENT, State.REFUSED}]
    if sent:
        with passing_damage(sent[-1]):
            close_request(sent[-1], status=end.new, now=poll.now)
    return bool(sent)


@contextmanager
def passing_damage(request: Deactivation) -> Iterator[None]:
    """A request whose trail is damaged stays as it is, and fails no poll."""
    try:
        with transaction.atomic():
            yield
    except DAMAGES as error:
        log.critical("%s could not be settled: %s", request, error)


def record_stops(stops: list[StatusChange], *, poll: PollContext) -> None:
    """Deployments stopped that nobody here requested, unless by ending the runs they execute."""
    if not stops or stops[0].noun != "deployment":
        return
    rows = Deployment.objects.in_workspace(poll.workspace).filter(
        remote_id__in=[stop.remote_id for stop in stops]
    )
    deployments = {row.remote_id: row for row in rows}
    runs_of = {
        one: {row.active_run_remote_id, row.latest_run_remote_id} - {""}
        for one, row in deployments.items()
    }
    sent = Q(state__in=(*SENT, State.CONFIRMED), sent_at__gte=poll.now - RUN_STOP_WINDOW)
    ended = Deactivation.objects.filter(
        sent,
        workspace=poll.workspace,
        noun="run",
        target_remote_id__in=set().union(*runs_of.values()),
    )
    incidents = list(ended.order_by("pk").values_list("target_remote_id", "incident"))
    events = []
    for stop in stops:
        deployment, seen_at = deployments[stop.remote_id], stop.last_seen_old_at
        with_run = [incident for run, incident in incidents if run in runs_of[stop.remote_id]]
        deployment.workspace = poll.workspace
        events.append(
            build_event(
                **describe_stop(deployment),
                outcome=Outcome.CONFIRMED if with_run else Outcome.OBSERVED,
                answer={
                    "status": stop.new,
                    "last_seen_running_at": seen_at and seen_at.isoformat(),
                },
                incident=with_run[-1] if with_run else None,
                now=poll.now,
            )
        )
    append_to_chain(events)


def record_stop_meanwhile(refused: Deactivation, *, now: datetime) -> None:
    """Record a deployment that somebody else stopped while our refused call was under way."""
    kind = KINDS[refused.noun]
    row = kind.find(refused.workspace, refused.target_remote_id)
    if isinstance(row, Deployment) and row.status == kind.stopped:
        event = describe_stop(row)
        record_event(**event, outcome=Outcome.OBSERVED, answer={"status": row.status}, now=now)


def describe_stop(deployment: Deployment) -> dict[str, Any]:
    event = {"workspace": deployment.workspace.slug, "action": "deployment.stop"}
    return event | describe_target(deployment)
