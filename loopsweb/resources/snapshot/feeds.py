"""What one question last answered, as PollState remembers it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

from loopsweb.resources.snapshot.poll_state import PollState


@dataclass(frozen=True)
class Feed:
    """as_of: when the API was asked for the last good answer. digest: that answer's.
    failing_since, error: the first failure after it and the latest's reason."""

    as_of: datetime | None = None
    digest: str = ""
    failing_since: datetime | None = None
    error: str = ""

    @classmethod
    def of(cls, state: PollState, name: str) -> Self:
        kept: dict[str, Any] = dict(state.feeds.get(name, {}))
        for time in ("as_of", "failing_since"):
            kept[time] = datetime.fromisoformat(kept[time]) if kept.get(time) else None
        return cls(**kept)

    @classmethod
    def sum_up(cls, feeds: list[Feed], *, now: datetime) -> Feed:
        """One feed for many: as old as the oldest, failing if any does; of none, fresh."""
        times = [feed.as_of for feed in feeds if feed.as_of]
        failures = [feed.failing_since for feed in feeds if feed.failing_since]
        error = next((feed.error for feed in feeds if feed.error), "")
        if len(times) < len(feeds) and not error:
            error = f"Reading: {len(times):,} of {len(feeds):,} answers are in."
        return cls(
            as_of=min(times, default=None if feeds else now),
            failing_since=min(failures, default=None),
            error=error,
        )

    def answered(self, *, digest: str, at: datetime) -> Feed:
        return Feed(as_of=at, digest=digest)

    def failed(self, *, error: str, at: datetime) -> Feed:
        return replace(self, failing_since=self.failing_since or at, error=error)

    def write(self, state: PollState, name: str) -> bool:
        """Put it into `state`; True when people would see a difference besides its age."""
        before = state.feeds.get(name, {})
        state.feeds[name] = {
            key: value.isoformat() if isinstance(value, datetime) else value
            for key, value in asdict(self).items()
            if value
        }
        return before.get("error", "") != self.error or bool(before.get("as_of")) != bool(
            self.as_of
        )
