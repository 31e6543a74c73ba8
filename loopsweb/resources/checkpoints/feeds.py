"""The feeds of checkpoint queries: there are many, so they have rows of their own."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime

from loopsweb.resources.checkpoints.models import CheckpointFeed
from loopsweb.resources.checkpoints.poll_plan import CheckpointQuery, plan_queries
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.poll_state import PollState

FEED_FIELDS = [field.name for field in fields(Feed)]


class CheckpointFeeds:
    """The feeds of one key during a poll. due: the queries to run now."""

    def __init__(self, state: PollState, *, poll: PollContext) -> None:
        self.state = state
        self.feeds = load_feeds(state)
        self.every, self.due = plan_queries(poll=poll, feeds=self.feeds)
        self.dropped = self.feeds.keys() - self.every
        self.unsaved: dict[CheckpointQuery, Feed] = {}

    def get(self, query: CheckpointQuery) -> Feed:
        return self.feeds.get(query, Feed())

    def note(self, query: CheckpointQuery, feed: Feed) -> None:
        self.feeds[query] = self.unsaved[query] = feed

    def save(self) -> None:
        """Store what was noted in one statement, and delete the feeds that are not needed."""
        CheckpointFeed.objects.bulk_create(
            [
                CheckpointFeed(state=self.state, by=query.by, value=query.value, **asdict(feed))
                for query, feed in self.unsaved.items()
            ],
            batch_size=500,
            update_conflicts=True,
            unique_fields=["state", "by", "value"],
            update_fields=FEED_FIELDS,
        )
        self.unsaved = {}
        stored = CheckpointFeed.objects.filter(state=self.state)
        for by in {query.by for query in self.dropped}:
            values = [query.value for query in self.dropped if query.by == by]
            stored.filter(by=by, value__in=values).delete()
        self.dropped.clear()

    def summarize(self, *, now: datetime | None) -> Feed:
        return Feed.summarize([self.get(one) for one in self.every], now=now)


def load_feeds(state: PollState) -> dict[CheckpointQuery, Feed]:
    rows = CheckpointFeed.objects.filter(state=state).values_list("by", "value", *FEED_FIELDS)
    return {
        CheckpointQuery(by, value): Feed(**dict(zip(FEED_FIELDS, values, strict=True)))
        for by, value, *values in rows.iterator(10_000)
    }
