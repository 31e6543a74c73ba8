"""The WSGI application: records a request, lets the world catch up, finds the route, answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from . import control, wsgi
from .background_activity import Ambience
from .exchange import Answer, Request
from .faults import Fault, Faults, instead, spoiled
from .lifecycle import Life
from .population import populate
from .service import Service
from .world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DEFAULT_NOW = datetime(2026, 5, 7, 10, tzinfo=UTC)
MOST_REQUESTS = 10_000


class Simulator:
    """The Loops API, pretended. Itself a WSGI application; stepped by `advance`, never asleep.

    `now` is an aware datetime at which time stands still, or a clock. `pace` shortens how long
    things take, in seconds; timestamps stay the clock's. A slow fault calls `sleep`, by default
    `advance`. `requests` holds the latest ten thousand.
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
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.faults = Faults()
        self.lock = threading.RLock()
        self._clock = now if callable(now) else lambda: now
        self._offset = timedelta()
        self._sleep = self.advance if sleep is None else sleep
        self.world = World(now=self._clock(), seed=seed)
        self.life = Life(self.world, pace=pace, stopping_seconds=stopping_seconds)
        self.service = Service(self.world, self.life, generation)
        self.ambience = Ambience(self.life)
        self._populate = partial(
            populate,
            self.world,
            self.ambience,
            generation=generation,
            runs=runs,
            checkpoints_per_run=checkpoints_per_run,
        )
        self._populate()

    @property
    def wsgi(self) -> Simulator:
        """The WSGI application: this object."""
        return self

    def advance(self, seconds: float) -> None:
        """Step the clock; everything due by then happens."""
        with self.lock:
            self._offset += timedelta(seconds=seconds)
            self.catch_up()

    def reset(self) -> None:
        """The world as at the start, no faults, nothing recorded, the clock's own time."""
        with self.lock:
            self._offset = timedelta()
            self.world.restart(self._clock())
            self.faults.waiting.clear()
            self.requests.clear()
            self._populate()

    def fail(self, route: str, mode: str, count: int | None = 1, **details: Any) -> None:
        """Let the next `count` requests to `route` fail (None: all of them). See faults."""
        with self.lock:
            self.faults.waiting.append(Fault(route, mode, count, **details))

    def heal(self) -> None:
        """Forget every fault still to come."""
        self.faults.waiting.clear()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return wsgi.send(self.answer(wsgi.read(environ)), environ, start_response)

    def answer(self, request: Request) -> Answer:
        """What the API, the file store or the simulator's own controls say to a request."""
        if request.path.startswith("/_simulator/"):
            return control.side_door(self, request)
        with self.lock:
            self.record(request)
            self.catch_up()
            route, params = self.service.match(request)
            name = None if route is None else str(route)
            fault = self.faults.take(request.method, request.path, name)
            refused = None if fault is None else instead(fault)
            given = refused or self.service.carry_out(request, route, params)
        if fault is None or refused is not None:
            return given
        return spoiled(fault, given, self._sleep)

    def record(self, request: Request) -> None:
        """Remember what was asked, for a while."""
        self.requests.append(request)
        del self.requests[:-MOST_REQUESTS]

    def catch_up(self) -> None:
        """Let everything happen that is due by now."""
        self.world.schedule.run_until(self._clock() + self._offset)
