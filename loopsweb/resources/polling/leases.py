"""Leases: a conditional UPDATE makes sure that one worker at a time polls with a key.

A lease is short and renewed while the poll runs, so that a killed worker costs seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from loopsweb.prepared_queries import adapt_value
from loopsweb.prepared_writes import adapt_rows
from loopsweb.resources.snapshot.observed_periods import ObservedPeriod
from loopsweb.resources.snapshot.poll_state import PollState, wake

LEASE = timedelta(seconds=15)
LONGEST_POLL = timedelta(minutes=2)
CLAIM = """UPDATE "resources_pollstate"
SET leased_until = %s, last_started_at = %s, next_poll_at = %s, parked_until = NULL
WHERE id IN (
    SELECT id FROM "resources_pollstate"
    WHERE ({seen}) AND (leased_until IS NULL OR leased_until < %s)
    ORDER BY id{skips}
)
RETURNING id
"""
SHOWN = ("feeds", "observed_since")
WRITE_LEASED = """UPDATE "resources_pollstate"
SET {written}
WHERE id = %s AND last_started_at IS NOT DISTINCT FROM %s
"""
KEPT = (
    *("last_success_at", "refused_since", "failures", "last_error", "last_error_at"),
    *(*SHOWN, "checkpoints_confirmed_at"),
)
RELEASED = """leased_until = NULL,
    next_poll_at = CASE WHEN next_poll_at = %s THEN %s ELSE next_poll_at END"""


class LeaseLost(Exception):
    """The lease expired and another worker polls with the key. Nothing more may be stored."""


def claim(states: Sequence[PollState], *, now: datetime) -> list[PollState]:
    """Lease the states to the caller. Returns those that no other worker has.

    One statement, which waits for no other worker. `last_started_at` tells this lease from others;
    `renew_lease` moves only its end.
    """
    if not states:
        return []
    seen = " OR ".join(["(id = %s AND next_poll_at = %s)"] * len(states))
    skips = " FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update else ""
    given: list[Any] = [now + LEASE, now, now + LONGEST_POLL]
    given += [value for state in states for value in (state.pk, state.next_poll_at)]
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM.format(seen=seen, skips=skips), [adapt_value(one) for one in [*given, now]]
        )
        claimed = {pk for (pk,) in cursor.fetchall()}
    for state in states:
        if state.pk in claimed:
            state.leased_until, state.last_started_at = now + LEASE, now
    return [state for state in states if state.pk in claimed]


def select_leased(state: PollState) -> QuerySet[PollState]:
    """The state, unless its lease expired and another worker has it."""
    return PollState.objects.filter(pk=state.pk, last_started_at=state.last_started_at)


def keep_lease(state: PollState) -> None:
    """Call it in a transaction: nobody else claims the state until it ends. Raises LeaseLost."""
    if not select_leased(state).select_for_update().values_list("pk"):
        raise LeaseLost


def renew_lease(state: PollState, *, now: datetime) -> None:
    """Extend the lease once a third of it has passed."""
    if state.leased_until is None or state.leased_until - now > LEASE * 2 / 3:
        return
    if select_leased(state).exclude(leased_until=None).update(leased_until=now + LEASE):
        state.leased_until = now + LEASE


def hand_back(state: PollState, *, now: datetime) -> None:
    """End the lease before the poll has ended, so that another worker polls at once."""
    select_leased(state).update(leased_until=None, next_poll_at=now)


def save_feeds(state: PollState, *, ended: Collection[ObservedPeriod] = ()) -> None:
    """Show what the feeds are like while the poll goes on, and keep the observed periods that
    ended. Raises LeaseLost."""
    with transaction.atomic() if ended else nullcontext():
        if not write_leased(state, SHOWN):
            raise LeaseLost
        ObservedPeriod.objects.bulk_create(ended)


def release_lease(state: PollState, *, next_poll_at: datetime) -> bool:
    """Store how the poll went. False when the lease had expired and another worker has it.

    A poll that was requested while this one ran still happens: its `next_poll_at` stays. Another
    key of the organisation may poll instead of one in trouble.
    """
    names = [*KEPT, *(["checkpoint_plan"] if state.is_plan_new else [])]
    given = [adapt_value(state.next_poll_at), adapt_value(next_poll_at)]
    is_released = write_leased(state, names, besides=RELEASED, given=given)
    if state.is_in_trouble or not state.key.is_healthy:
        wake(key__workspace=state.key.workspace_id)
    return is_released


def write_leased(
    state: PollState, names: Collection[str], *, besides: str = "", given: Sequence[Any] = ()
) -> bool:
    """Store the fields of these names. False when another worker has the state.

    besides: what else is set, in SQL, with the values `given`.
    """
    fields = [field for field in PollState._meta.concrete_fields if field.name in names]
    values = adapt_rows(fields, [[getattr(state, field.name) for field in fields]])
    written = [*([besides] if besides else []), *(f"{field.column} = %s" for field in fields)]
    sql = WRITE_LEASED.format(written=",\n    ".join(written))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*given, *values, state.pk, adapt_value(state.last_started_at)])
        return bool(cursor.rowcount)
