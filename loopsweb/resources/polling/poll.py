"""One poll with one key: every feed in turn, then the time of the next poll.

An answer and the time it is from are committed together. The failure of one feed does not stop the
others, and pages show it while the poll goes on. The poll ends early when the API cannot be
reached, rejects the key, limits its rate, or fails to answer two questions in a row. A key that is
forbidden every question is refused as a whole. An error never deletes a row or ends one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from loopsweb.keys.models import KeyState
from loopsweb.loops_api import errors
from loopsweb.resources.checkpoints.feeds import CheckpointFeeds
from loopsweb.resources.checkpoints.poll_plan import CheckpointQuery
from loopsweb.resources.figures.refresh import refresh_once
from loopsweb.resources.history.observation import note_answer
from loopsweb.resources.nouns import FEEDS
from loopsweb.resources.polling import leases, pace, reasons
from loopsweb.resources.polling.checkpoint_batch import CheckpointBatch
from loopsweb.resources.polling.inquiry import Inquiry, Stopped
from loopsweb.resources.polling.list_batch import ListBatch
from loopsweb.resources.polling.questions import (
    PAIRED,
    Question,
    find_nothing_new,
    list_optional_questions,
    list_questions,
)
from loopsweb.resources.samplers import sync as samplers
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.observed_periods import ObservedPeriod
from loopsweb.resources.snapshot.store import touch_version
from loopsweb.ui.errors import OUTAGES

log = logging.getLogger(__name__)

SAVED_EVERY = timedelta(seconds=5)
ENOUGH_QUERIES = (
    100  # for checkpoints; more are run as long as that takes no longer than ENOUGH_TIME
)
ENOUGH_TIME = timedelta(seconds=10)


class Poll(Inquiry):
    """The state of one poll while it runs."""

    is_changed = is_refused = False

    def run(self) -> None:
        self.saved_at = started_at = self.clock()
        is_over = is_interrupted = False
        try:
            self.poll_feeds()
            if self.forbidden and not (self.is_answered or self.failures):
                self.note_refusal(next(iter(self.forbidden.values())))
            is_over = True
        except errors.Unauthorized as error:
            self.note_refusal(error)
            is_over = True
        except errors.ConnectionFailed as error:
            self.fail_every_feed(error.plain, error=error)
            is_over = True
        except leases.LeaseLost:
            log.warning("another worker polls with %s", self.key)
            is_over = True
        except (Stopped, *OUTAGES):
            is_interrupted = True
            raise
        finally:
            if not is_over and not is_interrupted:  # a bug of ours: pages show it
                why = reasons.UNEXPECTED_END
                self.fail_every_feed(why, error=errors.LoopsError(why))
            if not is_interrupted:
                self.finish(started_at)

    def poll_feeds(self) -> None:
        batch = ListBatch()
        try:
            for name, ask in list_questions(self.key).items():
                if name not in FEEDS or batch.is_full(now=self.clock()):
                    self.store_lists(batch)
                self.poll_feed(name, ask, batch)
        except (Stopped, errors.LoopsError):
            self.store_lists(batch)
            raise
        self.store_lists(batch)
        if self.key.can_list is not False:
            self.poll_checkpoints()
        self.ask_optional_questions()

    def ask_optional_questions(self) -> None:
        for name, ask in list_optional_questions(self.key).items():
            if self.is_stopping():
                raise Stopped
            is_over = self.ended_by or self.deadline.left() <= 0
            if is_over or not self.is_open(name):
                continue
            if error := ask(self.client, poll=self.build_context(Feed())):
                if isinstance(error, errors.RateLimited):
                    self.failures.append(error)  # the API may have said how long to wait
                break

    def poll_feed(self, name: str, ask: Question, batch: ListBatch) -> None:
        """Where nothing is new, its time is stored at once."""
        is_open = name in FEEDS or self.is_open(name)
        asked = partial(ask, self.client) if is_open else find_nothing_new
        pull = partial(batch.pull, name, asked)
        after = self.query(name, Feed.load(self.state, name), pull)
        if name not in batch.waiting:
            self.store_feeds({name: after})
        self.has_news |= is_open and name not in FEEDS

    def store_lists(self, batch: ListBatch) -> None:
        """Raises LeaseLost; then nothing is stored."""
        if not batch.waiting:
            return
        self.has_news = True
        with transaction.atomic(), refresh_once(self.workspace):
            self.store_feeds({name: self.store_list(name, batch) for name in batch.waiting})
            if not PAIRED.isdisjoint(batch.waiting):
                samplers.pair_with_runs(poll=self.build_context(Feed()))
        batch.waiting = {}

    def store_list(self, name: str, batch: ListBatch) -> Feed:
        asked_at, new = batch.waiting[name]
        return Feed.load(self.state, name).with_answer(digest=new.store(), at=asked_at)

    def store_feeds(self, feeds: Mapping[str, Feed]) -> None:
        """Raises LeaseLost. What no page shows, and ages for SAVED_EVERY, wait for the end."""
        ended, is_due = list[ObservedPeriod](), False
        for name, feed in feeds.items():
            before = Feed.load(self.state, name)
            is_visible = feed.store(self.state, name)
            self.is_changed |= is_visible
            if name in FEEDS:
                over = note_answer(self.state, name, before=before, after=feed)
                is_old = feed.as_of and feed.as_of - self.saved_at >= SAVED_EVERY
                is_due |= bool(is_visible or over or is_old or feed.digest != before.digest)
                ended += over
        if is_due:
            leases.save_feeds(self.state, ended=ended)
            times = [feed.as_of for feed in feeds.values() if feed.as_of]
            self.saved_at = max([self.saved_at, *times])

    def poll_checkpoints(self) -> None:
        """Run the queries that are due. The feed "checkpoints" is as old as its oldest answer."""
        context = self.build_context(Feed())
        feeds = CheckpointFeeds(self.state, poll=context, keep_lease=leases.keep_lease)
        batch = CheckpointBatch(feeds, asked_at=self.clock())
        try:
            for number, query in enumerate(feeds.plan.due):
                if self.ended_by or "checkpoints" in self.forbidden or self.deadline.left() <= 0:
                    break
                if number >= ENOUGH_QUERIES and self.clock() - context.now >= ENOUGH_TIME:
                    break
                if batch.is_full(now=self.clock()):
                    self.store_batch(batch)
                    batch = CheckpointBatch(feeds, asked_at=self.clock())
                self.ask_for_checkpoints(query, batch)
        except (Stopped, errors.LoopsError):
            self.store_batch(batch)
            raise
        self.store_batch(batch)
        feeds.close(now=self.clock())
        summary = feeds.summarize(now=self.clock())
        if self.ended_by:
            before = Feed.load(self.state, "checkpoints")
            summary = before.with_failure(error=self.ended_by.plain, at=self.clock())
        self.store_feeds({"checkpoints": summary})

    def ask_for_checkpoints(self, query: CheckpointQuery, batch: CheckpointBatch) -> None:
        """Where nothing is new, the time waits for the end of the poll."""
        feed, pull = batch.feeds.get(query), partial(batch.pull, self.client, query)
        after = self.query("checkpoints", feed, pull, asked_at=batch.asked_at)
        if not batch.holds(query):
            batch.feeds.note(query, after)
        if after.error:
            self.store_feeds({"checkpoints": batch.feeds.summarize(now=batch.asked_at)})

    def store_batch(self, batch: CheckpointBatch) -> None:
        if not batch.waiting:
            return
        self.has_news = True
        with transaction.atomic():
            batch.store(self.build_context(Feed()))
            self.store_feeds({"checkpoints": batch.feeds.summarize(now=batch.asked_at)})

    def fail_every_feed(self, reason: str, *, error: errors.LoopsError) -> None:
        log.warning("poll failed: %s", error)
        self.failures.append(error)
        for name in self.state.feeds or FEEDS:
            failed = Feed.load(self.state, name).with_failure(error=reason, at=self.clock())
            self.is_changed |= failed.store(self.state, name)

    def note_refusal(self, error: errors.Unauthorized | errors.Forbidden) -> None:
        """The key is given up when it was refused for a while: an API may be mistaken."""
        state, now = self.state, self.clock()
        state.refused_since = state.refused_since or now
        if now - state.refused_since >= pace.CONFIRM_AFTER:
            refused = isinstance(error, errors.Unauthorized)
            key_state = KeyState.REFUSED if refused else KeyState.FORBIDDEN
            self.key.set_state(key_state, f"{error.plain} {reasons.TRIED_AGAIN}", now=now)
        self.fail_every_feed(reasons.CONFIRMING.format(key=self.key), error=error)
        self.is_refused = self.is_changed = True

    def finish(self, started_at: datetime) -> None:
        state, now = self.state, self.clock()
        if not self.is_refused:
            state.refused_since = None
        if self.client.generation not in {"auto", self.key.generation}:
            self.key.generation = self.client.generation
            self.key.save(update_fields=["generation"])
        if self.is_answered and not self.is_refused and not self.key.is_healthy:
            self.is_changed |= self.key.set_state(KeyState.HEALTHY, now=now)
        if self.failures:
            state.failures += 1
            state.last_error, state.last_error_at = self.failures[-1].plain, now
        else:
            state.failures, state.last_success_at = 0, started_at
        wait = (
            pace.compute_retry_wait(state, now=now)
            if self.is_refused
            else pace.compute_wait(
                state, failures=self.failures, is_busy=self.is_open("work in progress")
            )
        )
        leases.release_lease(state, next_poll_at=now + wait)
        if self.is_changed:
            touch_version(self.workspace)
