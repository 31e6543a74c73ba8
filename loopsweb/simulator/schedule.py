"""What is going to happen, in order of time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count


class Schedule:
    """A clock that only moves when told to, and the events it passes on its way."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._order = count()
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []

    def at(self, moment: datetime, event: Callable[[], None]) -> None:
        """Let `event` happen once the clock reaches `moment`."""
        heapq.heappush(self._events, (moment, next(self._order), event))

    def run_until(self, moment: datetime) -> None:
        """Move the clock forward to `moment`; each event sees the time it was set for."""
        while self._events and self._events[0][0] <= moment:
            due, _, event = heapq.heappop(self._events)
            self.now = max(self.now, due)
            event()
        self.now = max(self.now, moment)

    def restart(self, now: datetime) -> None:
        """Forget every event and set the clock, backwards too."""
        self._events.clear()
        self.now = now
