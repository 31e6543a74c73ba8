"""The queue of polls: which keys are due, in turn.

A tick looks at the keys whose `due_at` has come and at those of workspaces that somebody looks at,
found by indexes, so it costs the same however many keys wait. Which of an organisation's keys poll
is decided then; the others are parked.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from loopsweb.keys.models import Key
from loopsweb.resources.snapshot.poll_state import PollState, group_by_organisation, select_polling
from loopsweb.resources.snapshot.viewers import find_viewed

AT_ONCE = 64  # are looked at; more than a worker has threads
PARKED_FOR = timedelta(minutes=5)  # at most; `wake` is called when something changes that is known
HEAD_START = timedelta(minutes=1)  # of what somebody looks at, before what waits for longer


def find_due_states(*, now: datetime, full_hosts: Collection[str] = ()) -> list[PollState]:
    """The poll states to poll now, with their keys: those first that somebody looks at, and then
    the longest due. Keys of `full_hosts` wait."""
    viewed, due = find_viewed(), list[PollState]()
    while not due:
        late = list(select_late(now=now, full_hosts=full_hosts)[:AT_ONCE])
        watched = select_watched(viewed, now=now, full_hosts=full_hosts) if viewed else ()
        chosen = choose_polling({*(workspace for _, workspace in late), *watched})
        due = [
            state
            for state in chosen
            if state.key.api_url not in full_hosts
            and is_unleased(state, now=now)
            and is_due(state, now=now, is_viewed=state.key.workspace_id in viewed)
        ]
        polling = {state.pk for state in chosen}
        resting = [pk for pk, _ in late if pk not in polling]
        is_parked = bool(resting) and park(resting, now=now)
        if any(state.parked_until for state in chosen):
            PollState.objects.filter(pk__in=polling).update(parked_until=None)
        if not is_parked:
            break
    return sorted(due, key=lambda state: (find_turn(state, viewed), state.pk))


def select_late(
    *, now: datetime, full_hosts: Collection[str]
) -> QuerySet[PollState, tuple[int, int]]:
    """(id, id of the workspace), the longest due first."""
    late = exclude_hosts(PollState.objects.filter(due_at__lte=now), full_hosts)
    return late.order_by("due_at", "pk").values_list("pk", "key__workspace_id")


def select_watched(
    viewed: Collection[int], *, now: datetime, full_hosts: Collection[str]
) -> QuerySet[PollState, int]:
    """The ids of the viewed workspaces with a key that it is time to poll with."""
    is_time = Q(last_started_at=None) | Q(last_started_at__lte=now - busy_interval())
    waiting = PollState.objects.filter(is_time, key__workspace__in=viewed, leased_until=None)
    waiting = exclude_hosts(waiting.filter(failures=0), full_hosts)
    in_turn = waiting.order_by("last_started_at").values_list("key__workspace_id", flat=True)
    return in_turn[:AT_ONCE]


def exclude_hosts(states: QuerySet[PollState], full_hosts: Collection[str]) -> QuerySet[PollState]:
    return states.exclude(key__api_url__in=full_hosts) if full_hosts else states


def choose_polling(workspaces: Collection[int]) -> list[PollState]:
    """The states of these workspaces that poll, or are tried again."""
    if not workspaces:
        return []
    members = Key.objects.of_members().filter(workspace__in=workspaces)
    states = PollState.objects.filter(key__in=members).select_related("key")
    groups = group_by_organisation(states.defer("feeds", "checkpoint_plan", "observed_since"))
    return [
        state
        for group in groups
        for state in {*select_polling(group), *filter(is_tried_again, group)}
    ]


@transaction.atomic
def park(ids: Iterable[int], *, now: datetime) -> bool:
    """Look at them later: they do not poll. Their leases, if they had one, have ended. False if
    that is so of none, or others are at work on them."""
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    rows = PollState.objects.filter(free, pk__in=ids).select_for_update(skip_locked=True)
    until = now + PARKED_FOR * random.uniform(0.5, 1)  # noqa: S311 (spreads load, is no secret)
    found = list(rows.values_list("pk", flat=True))
    return bool(
        PollState.objects.filter(pk__in=found).update(parked_until=until, leased_until=None)
    )


def is_unleased(state: PollState, *, now: datetime) -> bool:
    return state.leased_until is None or state.leased_until < now


def is_tried_again(state: PollState) -> bool:
    """True for a key that the API refused, or that could not be used: it may be good again."""
    return state.refused_since is not None or not state.key.is_healthy


def is_due(state: PollState, *, now: datetime, is_viewed: bool) -> bool:
    was_lost = state.leased_until is not None and state.leased_until < now
    if state.next_poll_at <= now or was_lost:
        return True
    started = state.last_started_at
    return (
        is_viewed and not state.failures and (started is None or started <= now - busy_interval())
    )


def find_turn(state: PollState, viewed: Collection[int]) -> datetime:
    due_at = state.leased_until or state.next_poll_at
    if state.key.workspace_id not in viewed:
        return due_at
    started = state.last_started_at
    return min(due_at, started + busy_interval() if started else due_at) - HEAD_START


def busy_interval() -> timedelta:
    return timedelta(seconds=settings.POLL_BUSY_SECONDS)
