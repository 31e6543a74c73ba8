"""Limits the requests per second."""

from __future__ import annotations

from collections import deque
from threading import Lock

from loopsweb.loops_api.deadline import Clock

_WINDOW_SECONDS = 1.0
_MAX_NAMES = 4096


class Throttle:
    """Assigns send times, within this process only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._sent: dict[tuple[str, int], deque[float]] = {}

    def reserve(self, name: str, per_second: int) -> float:
        """Reserve the next free send time for `name`. Returns the seconds to wait until then."""
        with self._lock:
            now = self._clock()
            if len(self._sent) >= _MAX_NAMES:
                self._drop_before(now - _WINDOW_SECONDS)
            sent = self._sent.setdefault((name, per_second), deque(maxlen=per_second))
            at = max(now, sent[0] + _WINDOW_SECONDS) if len(sent) == per_second else now
            sent.append(at)
            return at - now

    def _drop_before(self, moment: float) -> None:
        self._sent = {name: sent for name, sent in self._sent.items() if sent[-1] > moment}
