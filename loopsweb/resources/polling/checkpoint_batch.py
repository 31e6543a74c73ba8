"""Answers about checkpoints that wait to be stored together: what follows from them is then worked
out once for many. They share the time at which the first of them was asked for."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from loopsweb.loops_api import Client
from loopsweb.resources.checkpoints import sync as checkpoints
from loopsweb.resources.checkpoints.feeds import CheckpointFeeds
from loopsweb.resources.checkpoints.poll_plan import CheckpointQuery
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_context import PollContext

MAX_CHECKPOINTS = 300
MAX_TIME = timedelta(seconds=2)  # between asking for the first and storing all

Waiting = dict[CheckpointQuery, checkpoints.Answer]


class CheckpointBatch:
    """asked_at: of all. waiting: the answers that say something new, by when their query was last
    answered."""

    def __init__(self, feeds: CheckpointFeeds, *, asked_at: datetime) -> None:
        self.feeds, self.asked_at = feeds, asked_at
        self.waiting: dict[datetime | None, Waiting] = defaultdict(dict)
        self.size = 0

    def pull(
        self, client: Client, query: CheckpointQuery, *, poll: PollContext, known_digest: str
    ) -> None:
        """A Question, whose answer waits."""
        answer = checkpoints.pull_checkpoints(client, query, poll=poll, known_digest=known_digest)
        if answer:
            self.waiting[poll.previous_at][query] = answer
            self.size += len(answer.found)

    def holds(self, query: CheckpointQuery) -> bool:
        return any(query in answers for answers in self.waiting.values())

    def is_full(self, *, now: datetime) -> bool:
        return self.size >= MAX_CHECKPOINTS or now - self.asked_at >= MAX_TIME

    def store(self, context: PollContext) -> None:
        """Call it in a transaction."""
        for previous_at, answers in self.waiting.items():
            poll = context.at(self.asked_at, previous_at=previous_at)
            is_stored = checkpoints.store_answers(answers, poll=poll)
            for query, answer in answers.items():
                digest = answer.digest if is_stored else ""
                self.feeds.note(query, Feed(as_of=self.asked_at, digest=digest))
        self.feeds.save()
