"""The state behind the simulated API: its clock, its resources, faults and recorded requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from loopsweb.simulator.background_activity import BackgroundActivity
from loopsweb.simulator.dispatcher import Dispatcher
from loopsweb.simulator.faults import Fault, Faults
from loopsweb.simulator.http_messages import Request
from loopsweb.simulator.lifecycle import Lifecycle
from loopsweb.simulator.population import populate
from loopsweb.simulator.status_log import StatusLog
from loopsweb.simulator.workload import PAST
from loopsweb.simulator.workload_events import schedule_workload
from loopsweb.simulator.world import World

DEFAULT_NOW = datetime(2026, 5, 7, 10, tzinfo=UTC)
MAX_RECORDED_REQUESTS = 10_000


class Simulation:
    """A populated world that moves when `advance` is called or the clock has moved.

    now: an aware datetime at which time stands still, or a clock.
    pace: divides how long entities take. Timestamps stay the clock's.
    stopping_seconds: how long a deactivation takes. `pace` does not shorten it.
    is_workload: show a team's workload instead of `runs` sample runs, and log its changes of
    status. The clock starts PAST behind, with nothing in the world yet.
    sleep: called by a slow fault with its seconds; `advance` by default.
    requests: the latest ten thousand.
    """

    def __init__(
        self,
        *,
        generation: str = "current",
        seed: int = 1,
        runs: int = 12,
        checkpoints_per_run: int = 8,
        now: datetime | Callable[[], datetime] = DEFAULT_NOW,
        pace: float = 1.0,
        stopping_seconds: float = 0.0,
        is_workload: bool = False,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.faults = Faults()
        self.lock = threading.RLock()
        self.sleep = self.advance if sleep is None else sleep
        self._clock = now if callable(now) else lambda: now
        self._behind = -PAST if is_workload else timedelta()
        self._offset = self._behind
        self.world = World(now=self._clock() + self._offset, seed=seed)
        self.lifecycle = Lifecycle(self.world, pace=pace, stopping_seconds=stopping_seconds)
        self.dispatcher = Dispatcher(self.world, self.lifecycle, generation)
        self.background_activity = BackgroundActivity(self.lifecycle)
        self._populate = partial(
            populate,
            self.world,
            self.background_activity,
            generation=generation,
            runs=runs,
            checkpoints_per_run=checkpoints_per_run,
        )
        self.status_log = StatusLog(self.world)
        if is_workload:
            self._populate = partial(schedule_workload, self.background_activity)
            self.world.schedule.after_event = self.status_log.note
        self._populate()

    def advance(self, seconds: float) -> None:
        """Move the clock forward and run every event that is due by then."""
        with self.lock:
            self._offset += timedelta(seconds=seconds)
            self.run_due_events()

    def run_due_events(self) -> None:
        """Run every event that is due by now."""
        self.world.schedule.run_until(self._clock() + self._offset)

    def reset(self) -> None:
        """Restore the initial world and the clock's own time; drop faults and requests."""
        with self.lock:
            self._offset = self._behind
            self.world.reset(self._clock() + self._offset)
            self.faults.pending.clear()
            self.requests.clear()
            self.status_log.clear()
            self._populate()

    def add_fault(self, route: str, mode: str, count: int | None = 1, **details: Any) -> None:
        """Make the next `count` requests to `route` fail, or all of them with None: see faults.

        Raises ValueError for an unknown mode.
        """
        with self.lock:
            self.faults.pending.append(Fault(route, mode, count, **details))

    def clear_faults(self) -> None:
        """Drop every pending fault."""
        self.faults.pending.clear()

    def record_request(self, request: Request) -> None:
        """Add a request to `requests` and drop the oldest ones beyond the limit."""
        self.requests.append(request)
        del self.requests[:-MAX_RECORDED_REQUESTS]
