"""The last answer to one query of the API, as PollState stores it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple, Self

from loopsweb.resources.snapshot.poll_state import PollState

LOADING = re.compile(r"Loading: [\d,]+ of [\d,]+ answers received\.")


class Feed(NamedTuple):
    """as_of: when the last good answer was requested. digest: of that answer.
    failing_since: the first failure after it. error: the reason of the latest failure."""

    as_of: datetime | None = None
    digest: str = ""
    failing_since: datetime | None = None
    error: str = ""

    @classmethod
    def load(cls, state: PollState, name: str) -> Self:
        fields: dict[str, Any] = dict(state.feeds.get(name, {}))
        for time in ("as_of", "failing_since"):
            fields[time] = datetime.fromisoformat(fields[time]) if fields.get(time) else None
        return cls(**fields)

    @classmethod
    def summarize(cls, feeds: list[Feed], *, now: datetime | None) -> Feed:
        """One feed for many: as old as the oldest, failing if any fails; fresh if none. It says how
        many were never answered, if any was: what these are about is not known at any time."""
        times = [feed.as_of for feed in feeds if feed.as_of]
        failures = [feed.failing_since for feed in feeds if feed.failing_since]
        error = next((feed.error for feed in feeds if feed.error), "")
        if len(times) < len(feeds) and (times or not error):
            loading = f"Loading: {len(times):,} of {len(feeds):,} answers received."
            error = f"{loading} {error}".rstrip()
        return cls(
            as_of=min(times, default=None if feeds else now),
            failing_since=min(failures, default=None),
            error=error,
        )

    @property
    def is_not_offered(self) -> bool:
        """True if the server never had it."""
        return self.as_of is None and self.failing_since is None and bool(self.error)

    def with_answer(self, *, digest: str, at: datetime) -> Feed:
        return Feed(as_of=at, digest=digest)

    def with_failure(self, *, error: str, at: datetime) -> Feed:
        """It still says how many answers there were, if some were never received."""
        if self.as_of and (loading := LOADING.match(self.error)):
            error = f"{loading[0]} {error}"
        return self._replace(failing_since=self.failing_since or at, error=error)

    def store(self, state: PollState, name: str) -> bool:
        """Put it into `state`, unsaved. True when more than its age changed visibly."""
        before = Feed.load(state, name)
        state.feeds[name] = {
            key: value.isoformat() if isinstance(value, datetime) else value
            for key, value in self._asdict().items()
            if value
        }
        return (before.error, before.as_of is None) != (self.error, self.as_of is None)
