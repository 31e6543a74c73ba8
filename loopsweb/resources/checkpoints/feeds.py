"""The feeds of checkpoint queries: there are many, so they have rows of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction

from loopsweb.prepared_writes import PreparedInsert
from loopsweb.resources.checkpoints.models import CheckpointFeed
from loopsweb.resources.checkpoints.poll_plan import (
    QUIET_INTERVAL,
    CheckpointQuery,
    Plan,
    plan_queries,
)
from loopsweb.resources.checkpoints.standing_plan import StandingPlan, stamp
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.poll_state import PollState

UPSERT = PreparedInsert(CheckpointFeed, unique=("state_id", "by", "value"), updated=Feed._fields)


class CheckpointFeeds:
    """The feeds of one key during a poll. plan: its queries. noted: what the poll found.

    keep_lease: called in the transaction that saves; it raises if another worker polls by now.
    """

    def __init__(
        self, state: PollState, *, poll: PollContext, keep_lease: Callable[[PollState], None]
    ) -> None:
        self.state, self.poll, self.keep_lease = state, poll, keep_lease
        self.unsaved: dict[CheckpointQuery, Feed] = {}
        self.noted: dict[CheckpointQuery, Feed] = {}
        self.rest: list[Feed] = []  # for all feeds that need not be loaded
        self.standing = StandingPlan.load(state)
        self.feeds = self.standing.list_feeds(state)
        self.is_standing = self.standing.applies(poll)
        if self.is_standing:
            urgent = set(self.feeds)
            self.plan = Plan(every=urgent, urgent=urgent, due=sorted(urgent))
            if self.standing.rest_as_of:
                self.rest = [Feed(as_of=self.standing.rest_as_of)]
        else:
            self.load()
            self.plan = plan_queries(poll=poll, feeds=self.feeds)
        self.dropped = self.feeds.keys() - self.plan.every

    def load(self) -> None:
        """The stored feeds, with the later times at which the standing plan was confirmed."""
        confirmed, self.feeds = self.feeds, load_feeds(self.state)
        for query, feed in confirmed.items():
            stored = self.feeds.get(query, Feed())
            is_later = feed.as_of and (stored.as_of is None or stored.as_of < feed.as_of)
            if is_later and stored.digest == feed.digest:
                self.feeds[query] = self.unsaved[query] = stored._replace(as_of=feed.as_of)

    def get(self, query: CheckpointQuery) -> Feed:
        return self.feeds.get(query, Feed())

    def note(self, query: CheckpointQuery, feed: Feed) -> None:
        self.feeds[query] = self.unsaved[query] = self.noted[query] = feed

    def close(self, *, now: datetime) -> None:
        """Keep what the poll found: in the poll state, unsaved, if the standing plan told it."""
        if self.is_standing and self.is_confirmed():
            self.confirm(now=now)
            return
        if self.is_standing:
            self.unsaved = dict(self.feeds)
        self.save()
        plan = StandingPlan()
        if not self.is_standing and self.may_stand():
            plan = self.build_standing_plan(now=now)
            self.confirm(now=now)
        plan.store(self.state)

    def is_confirmed(self) -> bool:
        digests = {one: feed.digest for one, feed in self.noted.items() if not feed.error}
        return digests == self.standing.digests

    def confirm(self, *, now: datetime) -> None:
        answered = [self.feeds[one].as_of or now for one in self.plan.urgent]
        self.state.checkpoints_confirmed_at = min(answered, default=now)

    def may_stand(self) -> bool:
        """True if each query was answered, and each urgent one in this poll."""
        known = [self.get(one) for one in self.plan.every]
        is_whole = all(feed.as_of and not feed.error for feed in known)
        return is_whole and self.plan.urgent <= self.noted.keys()

    def build_standing_plan(self, *, now: datetime) -> StandingPlan:
        rest = [self.get(one).as_of or now for one in self.plan.every - self.plan.urgent]
        return StandingPlan(
            digests={one: self.get(one).digest for one in sorted(self.plan.urgent)},
            rest_as_of=min(rest, default=None),
            until=min(rest, default=now) + QUIET_INTERVAL,
            stamp=stamp(self.poll),
        )

    @transaction.atomic
    def save(self) -> None:
        """Store what was noted in one statement, and delete the feeds that are not needed."""
        self.keep_lease(self.state)
        rows = [
            CheckpointFeed(state=self.state, by=query.by, value=query.value, **feed._asdict())
            for query, feed in self.unsaved.items()
        ]
        with connection.cursor() as cursor:
            UPSERT.insert_models(cursor, rows)
        self.unsaved = {}
        stored = CheckpointFeed.objects.filter(state=self.state)
        for by in {query.by for query in self.dropped}:
            values = [query.value for query in self.dropped if query.by == by]
            stored.filter(by=by, value__in=values).delete()
        self.dropped.clear()

    def summarize(self, *, now: datetime | None) -> Feed:
        """As old as the list of runs at least: of runs that it lacks, nothing was asked."""
        feed = Feed.summarize([*(self.get(one) for one in self.plan.every), *self.rest], now=now)
        runs = Feed.load(self.state, "runs")
        if feed.as_of and runs.as_of and runs.as_of < feed.as_of:
            return feed._replace(as_of=runs.as_of)
        return feed


def load_feeds(state: PollState) -> dict[CheckpointQuery, Feed]:
    rows = CheckpointFeed.objects.filter(state=state).values_list("by", "value", *Feed._fields)
    return {
        CheckpointQuery(by, value): Feed._make(feed) for by, value, *feed in rows.iterator(10_000)
    }
