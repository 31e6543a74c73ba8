"""Leases: conditional UPDATEs make sure that one worker at a time polls with a key.

A lease is short and renewed while the poll runs, so that a killed worker costs seconds.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When

from loopsweb.keys.models import Key
from loopsweb.resources.snapshot.observed_periods import ObservedPeriod
from loopsweb.resources.snapshot.poll_state import PollState, group_by_organisation, select_polling
from loopsweb.resources.snapshot.viewers import select_viewed

LEASE = timedelta(seconds=15)
LONGEST_POLL = timedelta(minutes=2)


class LeaseLost(Exception):
    """The lease expired and another worker polls with the key. Nothing more may be stored."""


def find_due_states(*, now: datetime) -> list[PollState]:
    """The poll states to poll now, with their keys, the longest due first."""
    states = PollState.objects.filter(key__in=Key.objects.of_members()).select_related("key")
    groups = group_by_organisation(states.defer("feeds", "checkpoint_plan"))
    chosen = [
        state
        for group in groups
        for state in {*select_polling(group), *filter(is_tried_again, group)}
        if is_unleased(state, now=now)
    ]
    viewed = select_viewed({state.key.workspace_id for state in chosen})
    return [
        state
        for state in sorted(chosen, key=lambda state: (state.next_poll_at, state.pk))
        if is_due(state, now=now, is_viewed=state.key.workspace_id in viewed)
    ]


def claim(state: PollState, *, now: datetime) -> bool:
    """Lease the state to the caller. False when another worker has it.

    `last_started_at` tells this lease from others; `renew_lease` moves only its end.
    """
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    rows = PollState.objects.filter(free, pk=state.pk, next_poll_at=state.next_poll_at)
    lease: dict[str, Any] = {"leased_until": now + LEASE, "last_started_at": now}
    if not rows.update(**lease, next_poll_at=now + LONGEST_POLL):
        return False
    state.leased_until, state.last_started_at = now + LEASE, now
    return True


def is_unleased(state: PollState, *, now: datetime) -> bool:
    return state.leased_until is None or state.leased_until < now


def is_tried_again(state: PollState) -> bool:
    """True for a key that the API refused, or that could not be used: it may be good again."""
    return state.refused_since is not None or not state.key.is_healthy


def is_due(state: PollState, *, now: datetime, is_viewed: bool) -> bool:
    was_lost = state.leased_until is not None and state.leased_until < now
    if state.next_poll_at <= now or was_lost:
        return True
    interval = timedelta(seconds=settings.POLL_BUSY_SECONDS)
    started = state.last_started_at
    return is_viewed and not state.failures and (started is None or started <= now - interval)


def select_leased(state: PollState) -> QuerySet[PollState]:
    """The state, unless its lease expired and another worker has it."""
    return PollState.objects.filter(pk=state.pk, last_started_at=state.last_started_at)


def renew_lease(state: PollState, *, now: datetime) -> None:
    """Extend the lease once a third of it has passed."""
    if state.leased_until is None or state.leased_until - now > LEASE * 2 / 3:
        return
    if select_leased(state).exclude(leased_until=None).update(leased_until=now + LEASE):
        state.leased_until = now + LEASE


def hand_back(state: PollState, *, now: datetime) -> None:
    """End the lease before the poll has ended, so that another worker polls at once."""
    select_leased(state).update(leased_until=None, next_poll_at=now)


@transaction.atomic
def save_feeds(state: PollState, *, ended: Collection[ObservedPeriod] = ()) -> None:
    """Show what the feeds are like while the poll goes on, and keep the observed periods that
    ended. Raises LeaseLost."""
    shown = {"feeds": state.feeds, "observed_since": state.observed_since}
    if not select_leased(state).update(**shown):
        raise LeaseLost
    ObservedPeriod.objects.bulk_create(ended)


def release_lease(state: PollState, *, next_poll_at: datetime) -> bool:
    """Store how the poll went. False when the lease had expired and another worker has it.

    A poll that was requested while this one ran still happens: its `next_poll_at` stays.
    """
    plan = {"checkpoint_plan": state.checkpoint_plan} if state.is_plan_new else {}
    untouched = When(next_poll_at=state.next_poll_at, then=Value(next_poll_at))
    return bool(
        select_leased(state).update(
            leased_until=None,
            next_poll_at=Case(untouched, default=F("next_poll_at")),
            last_success_at=state.last_success_at,
            refused_since=state.refused_since,
            failures=state.failures,
            last_error=state.last_error,
            last_error_at=state.last_error_at,
            feeds=state.feeds,
            observed_since=state.observed_since,
            checkpoints_confirmed_at=state.checkpoints_confirmed_at,
            **plan,
        )
    )
