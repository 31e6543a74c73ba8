"""The database's clock: what several machines go by when their own clocks differ."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

MAX_SKEW = timedelta(seconds=2)  # larger ones are warned of


class DatabaseClock:
    """Tells the database's time: read once, then carried on by this machine's monotonic clock.

    ahead: by how much this machine's clock is ahead; negative when behind.
    """

    def __init__(self) -> None:
        self._read_at, self._time = time.monotonic(), read_time()
        self.ahead = timezone.now() - self._time

    def __call__(self) -> datetime:
        return self._time + timedelta(seconds=time.monotonic() - self._read_at)


def read_time() -> datetime:
    """The database's time. SQLite has none of its own."""
    if connection.vendor == "sqlite":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        time_read: datetime = cursor.fetchone()[0]
        return time_read


def describe_skew(ahead: timedelta) -> str:
    seconds = round(abs(ahead.total_seconds()))
    return f"{seconds} s {'ahead of' if ahead > timedelta() else 'behind'} the database"
