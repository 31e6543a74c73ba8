"""When the schedule was last looked at: the sign that beat, broker and a worker are alive."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache

NAME = "heartbeat"
MISSED_TICKS = 30


def beat(*, now: datetime) -> None:
    cache.set(NAME, now.isoformat(), None)


def last_beat() -> datetime | None:
    """None: not since the cache was emptied, or the cache cannot be reached."""
    found = cache.get(NAME)
    return datetime.fromisoformat(found) if found else None


def is_beating(*, now: datetime) -> bool:
    last = last_beat()
    return last is not None and now - last < timedelta(
        seconds=MISSED_TICKS * settings.POLL_TICK_SECONDS
    )
