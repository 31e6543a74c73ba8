"""No more than so many requests in any one second, for one key on one route."""

from __future__ import annotations

from collections import deque
from threading import Lock

from loopsweb.loops_api.deadline import Clock

_WINDOW = 1.0
_MANY = 4096


class Throttle:
    """Gives out moments to send at. In this process only: other processes have their own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._sent: dict[tuple[str, int], deque[float]] = {}

    def reserve(self, name: str, per_second: int) -> float:
        """Take the next free moment for `name`; answers the seconds to wait until it."""
        with self._lock:
            now = self._clock()
            if len(self._sent) >= _MANY:
                self._forget_before(now - _WINDOW)
            sent = self._sent.setdefault((name, per_second), deque(maxlen=per_second))
            at = max(now, sent[0] + _WINDOW) if len(sent) == per_second else now
            sent.append(at)
            return at - now

    def _forget_before(self, moment: float) -> None:
        self._sent = {name: sent for name, sent in self._sent.items() if sent[-1] > moment}
