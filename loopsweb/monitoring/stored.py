"""How polling, workers and requests are doing, from the database: the same in every process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count
from redis import Redis

from loopsweb.keys.models import Key, KeyState
from loopsweb.resources.cleanups.models import OPEN as OPEN_REMOVALS
from loopsweb.resources.cleanups.models import Removal
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import OPEN as OPEN_DEACTIVATIONS
from loopsweb.resources.snapshot.heartbeats import Heartbeat
from loopsweb.resources.snapshot.poll_state import (
    PollState,
    group_by_organisation,
    select_polling,
)

PARTS = ("control", "polling", "schedule")


@dataclass(frozen=True)
class Condition:
    """keys: {state: number}. poll_lag: by how long the longest overdue poll is late.
    snapshot_age: since the oldest last good poll of a healthy key, None before the first of one.
    deactivations, removals: those that go on, {state: number}. heartbeats: {part: how long ago},
    None for a part that has shown none."""

    keys: dict[str, int]
    poll_lag: timedelta
    snapshot_age: timedelta | None
    deactivations: dict[str, int]
    removals: dict[str, int]
    heartbeats: dict[str, timedelta | None]


def load_condition(*, now: datetime) -> Condition:
    """In five queries. now: by the database's clock."""
    keys = dict(Key.objects.order_by().values_list("state").annotate(Count("pk")))
    polling = list_polling()
    due_at = min((one.next_poll_at for one in polling), default=None)
    success_at = min((one.last_success_at for one in polling if one.last_success_at), default=None)
    open_ones = Deactivation.objects.filter(state__in=OPEN_DEACTIVATIONS).order_by()
    open_removals = Removal.objects.filter(state__in=OPEN_REMOVALS).order_by()
    beats = Heartbeat.objects.in_bulk(PARTS)
    return Condition(
        keys={state.value: keys.get(state.value, 0) for state in KeyState},
        poll_lag=max(now - due_at, timedelta()) if due_at else timedelta(),
        snapshot_age=now - success_at if success_at else None,
        deactivations=dict(open_ones.values_list("state").annotate(Count("pk"))),
        removals=dict(open_removals.values_list("state").annotate(Count("pk"))),
        heartbeats={part: now - beats[part].at if part in beats else None for part in PARTS},
    )


def list_polling() -> list[PollState]:
    """Of the healthy keys, those that poll: one that sees a whole organisation does for all."""
    healthy = PollState.objects.filter(key__in=Key.objects.usable())
    states = healthy.select_related("key").defer("feeds", "observed_since")
    return [one for group in group_by_organisation(states) for one in select_polling(group)]


def count_queued_tasks() -> int:
    """Tasks that no worker has taken yet. Raises RedisError, and OSError."""
    with connect_redis(seconds=1) as redis:
        return int(redis.llen(settings.CELERY_TASK_DEFAULT_QUEUE))


def connect_redis(*, seconds: float) -> Redis:
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=seconds, socket_connect_timeout=seconds
    )
