"""Whether a server answers, as this process knows: while it does not, one caller at a time asks it.

Without that, every thread of a web server would wait for the same timeout, and no page be left.
"""

from __future__ import annotations

import threading
import time


class Circuit:
    """pause: seconds between two attempts while the server does not answer; others fail at once."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self.is_open = False
        self.outages = 0
        self.tried_at = float("-inf")  # on the monotonic clock
        self.lock = threading.Lock()

    def may_try(self) -> bool:
        """True for the caller that asks next; while the server answers, for every caller."""
        with self.lock:
            now = time.monotonic()
            if self.is_open and now - self.tried_at < self.pause:
                return False
            self.tried_at = now
            return True

    def fail(self) -> bool:
        """True if the server answered until now."""
        with self.lock:
            is_new, self.is_open, self.tried_at = not self.is_open, True, time.monotonic()
            self.outages += is_new
            return is_new

    def succeed(self) -> bool:
        """True if the server did not answer until now."""
        with self.lock:
            is_new, self.is_open = self.is_open, False
            return is_new
