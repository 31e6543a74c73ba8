"""What the API is asked in one poll, and how it answered so far."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.deadline import Deadline
from loopsweb.resources.nouns import FEEDS
from loopsweb.resources.polling import reasons
from loopsweb.resources.polling.agenda import Agenda, load_agenda
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.poll_state import PollState, find_covered_keys

log = logging.getLogger(__name__)

MAX_OUTAGES = 2
UNKNOWN_TO_LEGACY = ("samplers", "deployments")  # feeds
Clock = Callable[[], datetime]
Pull = Callable[..., None]  # asks, and keeps what is new


class Stopped(Exception):
    """This process ends: another worker polls with the key."""


class Inquiry:
    """has_news: something may have been stored since the agenda was read."""

    def __init__(
        self,
        state: PollState,
        client: Client,
        clock: Clock,
        deadline: Deadline,
        is_stopping: Callable[[], bool],
        *,
        agenda: Agenda,
    ) -> None:
        self.state, self.client, self.clock = state, client, clock
        self.deadline, self.is_stopping = deadline, is_stopping
        self.agenda, self.key = agenda, state.key
        self.workspace = state.key.workspace
        has_others = "other keys" in agenda
        self.covered_keys = find_covered_keys(state) if has_others else frozenset({state.key_id})
        self.failures: list[errors.LoopsError] = []
        self.forbidden: dict[str, errors.Forbidden] = {}  # by feed
        self.outages = 0  # in a row
        self.ended_by: errors.LoopsError | None = None
        self.is_answered = self.has_news = False

    def is_open(self, topic: str) -> bool:
        """Whether there is something to do, by what is stored now."""
        if self.has_news:
            self.agenda, self.has_news = load_agenda(self.state.pk, now=self.clock()), False
        return topic in self.agenda

    def query(self, name: str, feed: Feed, pull: Pull, *, asked_at: datetime | None = None) -> Feed:
        """Run one query and return the feed as it is then, unless `pull` keeps something new.
        asked_at: as if then, if given."""
        if self.is_stopping():
            raise Stopped
        poll = self.build_context(feed, now=asked_at)
        if self.ended_by:
            return feed.with_failure(error=self.ended_by.plain, at=poll.now)
        try:
            pull(poll=poll, known_digest=feed.digest)
        except (errors.Unauthorized, errors.ConnectionFailed):
            raise
        except errors.Forbidden as error:
            log.warning("%s may not list %s: %s", self.key, name, error)
            self.forbidden[name], self.outages = error, 0
            reason = reasons.FORBIDDEN.format(key=self.key, name=name)
            return feed.with_failure(error=reason, at=poll.now)
        except errors.LoopsError as error:
            if self.is_not_offered(name, error):
                why = reasons.NOT_OFFERED.format(name=name)
                return feed._replace(failing_since=None, error=why)
            log.warning("poll of %s failed: %s", name, error)
            self.failures.append(error)
            self.outages = self.outages + 1 if error.is_outage else 0
            if isinstance(error, errors.RateLimited) or self.outages >= MAX_OUTAGES:
                self.ended_by = error
            return feed.with_failure(error=error.plain, at=poll.now)
        self.outages, self.is_answered = 0, self.is_answered or name in FEEDS
        return feed.with_answer(digest=feed.digest, at=poll.now)

    def is_not_offered(self, name: str, error: errors.LoopsError) -> bool:
        is_legacy = self.client.generation == "legacy"
        return is_legacy and name in UNKNOWN_TO_LEGACY and isinstance(error, errors.NotFound)

    def build_context(self, feed: Feed, *, now: datetime | None = None) -> PollContext:
        return PollContext(
            workspace=self.workspace,
            key=self.key,
            covered_keys=self.covered_keys,
            now=now or self.clock(),
            previous_at=feed.as_of,
        )
