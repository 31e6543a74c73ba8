"""The time of the last tick: proof that beat, broker and a worker are alive."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache

CACHE_NAME = "heartbeat"
MISSED_TICKS = 30


def record_beat(*, now: datetime) -> None:
    cache.set(CACHE_NAME, now.isoformat(), None)


def load_last_beat() -> datetime | None:
    """None when there was none since the cache was emptied, or the cache cannot be reached."""
    found = cache.get(CACHE_NAME)
    return datetime.fromisoformat(found) if found else None


def is_alive(*, now: datetime) -> bool:
    last, longest = load_last_beat(), timedelta(seconds=MISSED_TICKS * settings.POLL_TICK_SECONDS)
    return last is not None and now - last < longest
