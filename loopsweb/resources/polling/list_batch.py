"""Lists that wait to be stored together: what follows from them is then worked out once."""

from __future__ import annotations

from datetime import datetime, timedelta

from loopsweb.resources.polling.questions import AskedQuestion
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import NewAnswer

MAX_BYTES = 100_000  # what is larger would take too much memory while it waits
MAX_TIME = timedelta(seconds=2)  # between asking for the first and storing all


class ListBatch:
    """waiting: by feed, when the answer was asked for, and the answer."""

    def __init__(self) -> None:
        self.waiting: dict[str, tuple[datetime, NewAnswer]] = {}

    def pull(self, name: str, ask: AskedQuestion, *, poll: PollContext, known_digest: str) -> None:
        """Ask. A new answer waits."""
        if new := ask(poll=poll, known_digest=known_digest):
            self.waiting[name] = (poll.now, new)

    def is_full(self, *, now: datetime) -> bool:
        size = sum(new.size for _, new in self.waiting.values())
        first = min((asked_at for asked_at, _ in self.waiting.values()), default=now)
        return size > MAX_BYTES or now - first >= MAX_TIME
