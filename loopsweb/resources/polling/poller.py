"""One poll with one key: every feed in turn, then the time of the next poll.

The failure of one feed does not stop the others. The poll ends early when the API cannot be
reached, refuses the key, or times out twice in a row. An error never deletes a row or ends one.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from django.conf import settings

from loopsweb.keys.clients import KeyUnusable, build_client
from loopsweb.keys.models import KeyState
from loopsweb.loops_api import Client, errors
from loopsweb.resources import catalogue
from loopsweb.resources.checkpoints import feeds as checkpoint_feeds
from loopsweb.resources.checkpoints import poll_plan
from loopsweb.resources.checkpoints import sync as checkpoints
from loopsweb.resources.deployments import sync as deployments
from loopsweb.resources.nouns import FEEDS
from loopsweb.resources.polling import leases
from loopsweb.resources.polling.work_in_progress import has_work_in_progress
from loopsweb.resources.runs import sync as runs
from loopsweb.resources.samplers import sync as samplers
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.poll_state import PollState, group_by_organisation
from loopsweb.resources.snapshot.store import touch_version
from loopsweb.resources.snapshot.viewers import select_viewed

log = logging.getLogger(__name__)

MAX_BACK_OFF = timedelta(minutes=5)
MAX_TIMEOUTS = 2
MAX_WAIT_SECONDS = 900.0  # whatever Retry-After says
UNEXPECTED_END = "The poll stopped because of an error in loopsweb; the server log has details."
Clock = Callable[[], datetime]


class Pull(Protocol):
    """Store an answer of the API. Returns its digest, or `known_digest` if nothing is new."""

    def __call__(self, *, poll: PollContext, known_digest: str) -> str: ...


def run_poll(state_id: int, *, clock: Clock) -> None:
    """Poll with the key of a claimed state. `clock` returns aware times in UTC."""
    state = PollState.objects.select_related("key__workspace").get(pk=state_id)
    try:
        client = build_client(state.key)
    except KeyUnusable as error:
        state.key.set_state(KeyState.UNUSABLE, str(error), now=clock())
        touch_version(state.key.workspace)
    else:
        Poll(state, client, clock).run()


class Poll:
    """The state of one poll while it runs."""

    def __init__(self, state: PollState, client: Client, clock: Clock) -> None:
        self.state, self.client, self.clock = state, client, clock
        self.key = state.key
        self.workspace = state.key.workspace
        siblings = PollState.objects.filter(key__workspace=self.workspace).select_related("key")
        group = next(g for g in group_by_organisation(siblings.defer("feeds")) if state in g)
        sees_organisation = self.key.sees_organisation
        self.covered_keys = frozenset(s.key_id for s in group if sees_organisation or s == state)
        self.failures: list[errors.LoopsError] = []
        self.timeouts = 0
        self.is_changed = False

    @property
    def is_unresponsive(self) -> bool:
        return self.timeouts >= MAX_TIMEOUTS

    def run(self) -> None:
        started_at, is_over = self.clock(), False
        try:
            self.poll_feeds()
            is_over = True
        except (errors.Unauthorized, errors.Forbidden) as error:
            refused = isinstance(error, errors.Unauthorized)
            state = KeyState.REFUSED if refused else KeyState.FORBIDDEN
            self.is_changed |= self.key.set_state(state, error.plain, now=self.clock())
            self.failures.append(error)
            is_over = True
        except errors.ConnectionFailed as error:
            self.fail_every_feed(error)
            is_over = True
        finally:
            if not is_over:  # a bug of ours: pages show it, and the lease is released
                self.fail_every_feed(errors.LoopsError(UNEXPECTED_END))
            self.finish(started_at)

    def poll_feeds(self) -> None:
        """In an order in which one answer helps the next query."""
        client, has_new_answer = self.client, False
        if self.key.can_list is not False:
            has_new_answer |= self.poll_feed("runs", partial(runs.pull_runs, client))
            has_new_answer |= self.poll_feed("samplers", partial(samplers.pull_samplers, client))
        if self.key.can_manage is not False:
            self.poll_feed("deployments", partial(deployments.pull_deployments, client))
            self.poll_feed("vanished", partial(deployments.pull_vanished_deployments, client))
            has_new_answer |= self.poll_feed("details", partial(runs.pull_run_details, client))
            self.poll_feed("catalogue", partial(catalogue.pull_catalogue, client))
        if has_new_answer:
            samplers.pair_with_runs(poll=self.build_context(Feed()))
        if self.key.can_list is not False:
            self.poll_checkpoints()

    def poll_feed(self, name: str, pull: Pull) -> bool:
        """True when the answer differs from the last one."""
        feed = Feed.load(self.state, name)
        after = self.query(name, feed, pull)
        self.is_changed |= after.store(self.state, name)
        return after.digest != feed.digest

    def poll_checkpoints(self) -> None:
        """Run the queries that are due. The feed "checkpoints" is as old as its oldest answer."""
        feeds = checkpoint_feeds.load_feeds(self.state)
        every, due = poll_plan.plan_queries(poll=self.build_context(Feed()), feeds=feeds)
        answered = {}
        for query in due:
            if self.is_unresponsive:
                break
            pull = partial(checkpoints.pull_checkpoints, self.client, query)
            answered[query] = self.query("checkpoints", feeds.get(query, Feed()), pull)
        checkpoint_feeds.store_feeds(self.state, answered, drop=feeds.keys() - every)
        feeds |= answered
        summary = Feed.summarize([feeds.get(one, Feed()) for one in every], now=self.clock())
        if self.is_unresponsive:
            before = Feed.load(self.state, "checkpoints")
            summary = before.with_failure(error=self.failures[-1].plain, at=self.clock())
        self.is_changed |= summary.store(self.state, "checkpoints")

    def query(self, name: str, feed: Feed, pull: Pull) -> Feed:
        """Run one query, store its answer, and return the feed as it is then."""
        leases.renew_lease(self.state, now=self.clock())
        poll = self.build_context(feed)
        if self.is_unresponsive:
            return feed.with_failure(error=self.failures[-1].plain, at=poll.now)
        try:
            digest = pull(poll=poll, known_digest=feed.digest)
        except (errors.Unauthorized, errors.Forbidden, errors.ConnectionFailed):
            raise
        except errors.LoopsError as error:
            log.warning("poll of %s failed: %s", name, error)
            self.failures.append(error)
            self.timeouts = self.timeouts + 1 if isinstance(error, errors.TimedOut) else 0
            return feed.with_failure(error=error.plain, at=poll.now)
        self.timeouts = 0
        return feed.with_answer(digest=digest, at=poll.now)

    def build_context(self, feed: Feed) -> PollContext:
        return PollContext(
            workspace=self.workspace,
            key=self.key,
            covered_keys=self.covered_keys,
            now=self.clock(),
            previous_at=feed.as_of,
        )

    def fail_every_feed(self, error: errors.LoopsError) -> None:
        log.warning("poll failed: %s", error)
        self.failures.append(error)
        for name in self.state.feeds or FEEDS:
            failed = Feed.load(self.state, name).with_failure(error=error.plain, at=self.clock())
            self.is_changed |= failed.store(self.state, name)

    def finish(self, started_at: datetime) -> None:
        state, now = self.state, self.clock()
        if self.failures:
            state.failures += 1
            state.last_error, state.last_error_at = self.failures[-1].plain, now
        else:
            state.failures, state.last_success_at = 0, started_at
        leases.release_lease(state, next_poll_at=now + self.compute_wait())
        if self.is_changed:
            touch_version(self.workspace)

    def compute_wait(self) -> timedelta:
        """Seconds while something changes or is viewed, else minutes; longer after failures."""
        busy = timedelta(seconds=settings.POLL_BUSY_SECONDS)
        quiet = timedelta(seconds=settings.POLL_QUIET_SECONDS)
        is_viewed = bool(select_viewed([self.workspace.pk]))
        wait = busy if is_viewed or has_work_in_progress(self.workspace) else quiet
        if self.failures:
            wait = min(busy * 2 ** min(self.state.failures, 10), MAX_BACK_OFF)
        retry_after = [getattr(error, "retry_after", None) or 0 for error in self.failures]
        spread = random.uniform(0.85, 1.15)  # noqa: S311 (spreads load, is no secret)
        at_least = timedelta(seconds=min(max(retry_after, default=0), MAX_WAIT_SECONDS))
        return max(wait * spread, at_least)
