"""The queries that a poll asks as long as nothing else is due, kept in the poll state.

While their answers say nothing new, one time of the poll state tells when all were last answered,
and no row of a feed is read or written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from loopsweb.resources.checkpoints.poll_plan import CheckpointQuery
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.poll_state import PollState


@dataclass(frozen=True, kw_only=True)
class StandingPlan:
    """digests: of the last answers. rest_as_of: of the oldest answer to any other query, None where
    there is no other. until: when one of these is due. stamp: what the plan was made for."""

    digests: dict[CheckpointQuery, str] = field(default_factory=dict)
    rest_as_of: datetime | None = None
    until: datetime | None = None
    stamp: str = ""

    @classmethod
    def load(cls, state: PollState) -> Self:
        """One without queries where none is stored."""
        stored: dict[str, Any] = state.checkpoint_plan
        if not stored:
            return cls()
        rest_as_of = stored["rest_as_of"]
        return cls(
            digests={CheckpointQuery(by, value): digest for by, value, digest in stored["queries"]},
            rest_as_of=datetime.fromisoformat(rest_as_of) if rest_as_of else None,
            until=datetime.fromisoformat(stored["until"]),
            stamp=stored["stamp"],
        )

    def store(self, state: PollState) -> None:
        """Put it into `state`, unsaved."""
        state.is_plan_new, state.checkpoint_plan = True, {}
        if self.until:
            state.checkpoint_plan = {
                "queries": [[one.by, one.value, digest] for one, digest in self.digests.items()],
                "rest_as_of": self.rest_as_of and self.rest_as_of.isoformat(),
                "until": self.until.isoformat(),
                "stamp": self.stamp,
            }

    def applies(self, poll: PollContext) -> bool:
        """False once what the queries follow from may have changed, or another one is due."""
        return self.until is not None and poll.now < self.until and self.stamp == stamp(poll)

    def list_feeds(self, state: PollState) -> dict[CheckpointQuery, Feed]:
        as_of = state.checkpoints_confirmed_at
        return {one: Feed(as_of=as_of, digest=digest) for one, digest in self.digests.items()}


def stamp(poll: PollContext) -> str:
    """Grows with every visible change of the workspace; others which runs the answers cover."""
    return f"{poll.workspace.version} {sorted(poll.covered_keys)} {poll.key.api_email}"
