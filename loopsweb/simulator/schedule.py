"""Scheduled events in order of time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count


class Schedule:
    """A clock that moves on request, and the events it runs on its way.

    after_event: called after each event.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.after_event: Callable[[], None] = lambda: None
        self._order = count()
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []

    def add_event(self, moment: datetime, event: Callable[[], None]) -> None:
        """Run `event` once the clock reaches `moment`."""
        heapq.heappush(self._events, (moment, next(self._order), event))

    def run_until(self, moment: datetime) -> None:
        """Move the clock forward to `moment`. Each event sees the time it was scheduled for."""
        while self._events and self._events[0][0] <= moment:
            due, _, event = heapq.heappop(self._events)
            self.now = max(self.now, due)
            event()
            self.after_event()
        self.now = max(self.now, moment)

    def reset(self, now: datetime) -> None:
        """Drop every event and set the clock, backwards if need be."""
        self._events.clear()
        self.now = now
