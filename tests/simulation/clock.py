"""The one clock of a simulation. It moves only when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from loopsweb.resources.worker.database_clock import DatabaseClock

START = datetime(2026, 11, 23, 21, 17, tzinfo=UTC)


class VirtualClock(DatabaseClock):
    """before_moving, after_moving: called each time it moves."""

    def __init__(self) -> None:
        self.now, self.ahead = START, timedelta()
        self.before_moving: Callable[[], None] = lambda: None
        self.after_moving: Callable[[], None] = lambda: None

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.before_moving()
        self.now += timedelta(seconds=seconds)
        self.after_moving()
