"""Which keys are due, and that only one worker polls with one of them: conditional UPDATEs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, F, Q, Value, When

from loopsweb.keys.models import Key
from loopsweb.resources.snapshot.poll_state import PollState, by_organisation, polling
from loopsweb.resources.snapshot.viewers import watched

LEASE = timedelta(minutes=2)


def claim_due(*, now: datetime) -> list[int]:
    """Ids of the poll states this process is to poll now; each is its own for LEASE."""
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    states = PollState.objects.filter(key__in=Key.objects.usable()).select_related("key")
    groups = by_organisation(states.defer("feeds"))
    chosen = [state for group in groups for state in polling(group) if is_free(state, now=now)]
    seen = watched({state.key.workspace_id for state in chosen})
    return [
        state.pk
        for state in chosen
        if is_due(state, now=now, is_watched=state.key.workspace_id in seen)
        and PollState.objects.filter(free, pk=state.pk, next_poll_at=state.next_poll_at).update(
            leased_until=now + LEASE, last_started_at=now, next_poll_at=now + LEASE
        )
    ]


def is_free(state: PollState, *, now: datetime) -> bool:
    return state.leased_until is None or state.leased_until < now


def is_due(state: PollState, *, now: datetime, is_watched: bool) -> bool:
    if state.next_poll_at <= now:
        return True
    eager = timedelta(seconds=settings.POLL_BUSY_SECONDS)
    started = state.last_started_at
    return is_watched and not state.failures and (started is None or started <= now - eager)


def renew(state: PollState, *, now: datetime) -> None:
    """Keep the lease for longer when half of it is over."""
    if state.leased_until is None or state.leased_until - now > LEASE / 2:
        return
    mine = PollState.objects.filter(pk=state.pk, leased_until=state.leased_until)
    if mine.update(leased_until=now + LEASE):
        state.leased_until = now + LEASE


def release(state: PollState, *, next_poll_at: datetime) -> bool:
    """Write down how the poll went; False when the lease had run out and is another's.

    Who asked for a poll while this one ran gets it: `next_poll_at` is left as they set it.
    """
    untouched = When(next_poll_at=state.next_poll_at, then=Value(next_poll_at))
    mine = PollState.objects.filter(pk=state.pk, leased_until=state.leased_until)
    return bool(
        mine.update(
            leased_until=None,
            next_poll_at=Case(untouched, default=F("next_poll_at")),
            last_success_at=state.last_success_at,
            failures=state.failures,
            last_error=state.last_error,
            last_error_at=state.last_error_at,
            feeds=state.feeds,
        )
    )
