"""Which response bodies passed a check: most answers are the same as the last one."""

from __future__ import annotations

from threading import Lock

WORTHWHILE_BYTES = 8192  # to check a smaller body costs less than to remember it
MAX_KNOWN = 10_000  # of a few hundred bytes each


class CheckedBodies:
    """The bodies, by their digests, that passed one check, whatever it was made for."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], None] = {}
        self._lock = Lock()

    def contains(self, digest: str, checked_for: str) -> bool:
        return (digest, checked_for) in self._known

    def add(self, digest: str, checked_for: str) -> None:
        """Once there are MAX_KNOWN, the oldest is forgotten."""
        with self._lock:
            if len(self._known) >= MAX_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[digest, checked_for] = None
