"""One poll with one key: every noun in turn, then when to come again.

A noun's failure does not stop the others; an API that cannot be reached at all, does not know the
key, or twice in a row does not answer in time, is asked nothing more in this poll. Nothing is
deleted or declared ended on an error.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from django.conf import settings

from loopsweb.keys.clients import KeyUnusable, client_of
from loopsweb.keys.models import KeyState
from loopsweb.loops_api import Client, errors
from loopsweb.resources import catalogue
from loopsweb.resources.checkpoints import feeds as checkpoint_feeds
from loopsweb.resources.checkpoints import plan
from loopsweb.resources.checkpoints import sync as checkpoints
from loopsweb.resources.deployments import sync as deployments
from loopsweb.resources.polling import leases
from loopsweb.resources.polling.activity import is_moving
from loopsweb.resources.runs import sync as runs
from loopsweb.resources.samplers import sync as samplers
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.poll_state import PollState, by_organisation
from loopsweb.resources.snapshot.store import bump
from loopsweb.resources.snapshot.viewers import watched

log = logging.getLogger(__name__)

BACK_OFF_AT_MOST = timedelta(minutes=5)
TIMEOUTS_IN_A_ROW = 2
WAIT_AT_MOST_SECONDS = 900.0  # whatever the API asks for
UNEXPECTED = "The poll ended unexpectedly; the log says why."
Clock = Callable[[], datetime]


class Pull(Protocol):
    """Ask, keep what is news, and return the digest of the answer."""

    def __call__(self, *, reading: Reading, known_digest: str) -> str: ...


def poll(state_id: int, *, clock: Clock) -> None:
    """Poll with the key of a claimed state. `clock` tells aware times in UTC."""
    state = PollState.objects.select_related("key__workspace").get(pk=state_id)
    try:
        client = client_of(state.key)
    except KeyUnusable as error:
        state.key.mark(KeyState.UNREADABLE, str(error), now=clock())
        bump(state.key.workspace)
    else:
        Poll(state, client, clock).run()


class Poll:
    """The state of one poll while it runs."""

    def __init__(self, state: PollState, client: Client, clock: Clock) -> None:
        self.state, self.client, self.clock = state, client, clock
        self.key = state.key
        self.workspace = state.key.workspace
        siblings = PollState.objects.filter(key__workspace=self.workspace).select_related("key")
        mine = next(g for g in by_organisation(siblings.defer("feeds")) if state in g)
        wide = self.key.sees_organisation
        self.covers = frozenset(s.key_id for s in mine if wide or s == state)
        self.failures: list[errors.LoopsError] = []
        self.timeouts = 0
        self.visible = False

    @property
    def is_silent(self) -> bool:
        return self.timeouts >= TIMEOUTS_IN_A_ROW

    def run(self) -> None:
        started_at, is_over = self.clock(), False
        try:
            self.ask_everything()
            is_over = True
        except (errors.Unauthorized, errors.Forbidden) as error:
            refused = isinstance(error, errors.Unauthorized)
            kind = KeyState.REFUSED if refused else KeyState.FORBIDDEN
            self.visible |= self.key.mark(kind, error.plain, now=self.clock())
            self.failures.append(error)
            is_over = True
        except errors.ConnectionFailed as error:
            self.fail_every_feed(error)
            is_over = True
        finally:
            if not is_over:  # a fault of ours: said on the pages, and it does not hold the lease
                self.fail_every_feed(errors.LoopsError(UNEXPECTED))
            self.finish(started_at)

    def ask_everything(self) -> None:
        """In the order in which what one answer says is of use to the next question."""
        client, news = self.client, False
        if self.key.can_list is not False:
            news |= self.ask_noun("runs", partial(runs.pull, client))
            news |= self.ask_noun("samplers", partial(samplers.pull, client))
        if self.key.can_manage is not False:
            self.ask_noun("deployments", partial(deployments.pull, client))
            self.ask_noun("vanished", partial(deployments.pull_vanished, client))
            news |= self.ask_noun("details", partial(runs.pull_details, client))
            self.ask_noun("catalogue", partial(catalogue.pull, client))
        if news:
            samplers.pair(reading=self.reading(Feed()))
        if self.key.can_list is not False:
            self.ask_checkpoints()

    def ask_noun(self, name: str, pull: Pull) -> bool:
        """True when the answer was a new one."""
        feed = Feed.of(self.state, name)
        after = self.ask(name, feed, pull)
        self.visible |= after.write(self.state, name)
        return after.digest != feed.digest

    def ask_checkpoints(self) -> None:
        """Question by question; "checkpoints" is as old as the oldest answer among them."""
        feeds = checkpoint_feeds.of(self.state)
        every, due = plan.questions(reading=self.reading(Feed()), feeds=feeds)
        asked = {}
        for question in due:
            if self.is_silent:
                break
            pull = partial(checkpoints.pull, self.client, question)
            asked[question] = self.ask("checkpoints", feeds.get(question, Feed()), pull)
        checkpoint_feeds.keep(self.state, asked, drop=feeds.keys() - every)
        feeds |= asked
        summary = Feed.sum_up([feeds.get(one, Feed()) for one in every], now=self.clock())
        if self.is_silent:
            before = Feed.of(self.state, "checkpoints")
            summary = before.failed(error=self.failures[-1].plain, at=self.clock())
        self.visible |= summary.write(self.state, "checkpoints")

    def ask(self, name: str, feed: Feed, pull: Pull) -> Feed:
        """Ask one question and keep its answer; what is to be remembered of it."""
        leases.renew(self.state, now=self.clock())
        reading = self.reading(feed)
        if self.is_silent:
            return feed.failed(error=self.failures[-1].plain, at=reading.now)
        try:
            digest = pull(reading=reading, known_digest=feed.digest)
        except (errors.Unauthorized, errors.Forbidden, errors.ConnectionFailed):
            raise
        except errors.LoopsError as error:
            log.warning("poll of %s failed: %s", name, error)
            self.failures.append(error)
            self.timeouts = self.timeouts + 1 if isinstance(error, errors.TimedOut) else 0
            return feed.failed(error=error.plain, at=reading.now)
        self.timeouts = 0
        return feed.answered(digest=digest, at=reading.now)

    def reading(self, feed: Feed) -> Reading:
        return Reading(
            workspace=self.workspace,
            key=self.key,
            covers=self.covers,
            now=self.clock(),
            previous_at=feed.as_of,
        )

    def fail_every_feed(self, error: errors.LoopsError) -> None:
        log.warning("poll failed: %s", error)
        self.failures.append(error)
        for name in self.state.feeds or ("runs", "samplers", "deployments", "checkpoints"):
            failed = Feed.of(self.state, name).failed(error=error.plain, at=self.clock())
            self.visible |= failed.write(self.state, name)

    def finish(self, started_at: datetime) -> None:
        state, now = self.state, self.clock()
        if self.failures:
            state.failures += 1
            state.last_error, state.last_error_at = self.failures[-1].plain, now
        else:
            state.failures, state.last_success_at = 0, started_at
        leases.release(state, next_poll_at=now + self.interval())
        if self.visible:
            bump(self.workspace)

    def interval(self) -> timedelta:
        """Seconds while something moves or is looked at, else minutes; longer after failures."""
        busy = timedelta(seconds=settings.POLL_BUSY_SECONDS)
        quiet = timedelta(seconds=settings.POLL_QUIET_SECONDS)
        is_watched = bool(watched([self.workspace.pk]))
        wait = busy if is_watched or is_moving(self.workspace) else quiet
        if self.failures:
            wait = min(busy * 2 ** min(self.state.failures, 10), BACK_OFF_AT_MOST)
        asked_to_wait = [getattr(error, "retry_after", None) or 0 for error in self.failures]
        spread = random.uniform(0.85, 1.15)  # noqa: S311 (it spreads load, it hides nothing)
        asked = timedelta(seconds=min(max(asked_to_wait, default=0), WAIT_AT_MOST_SECONDS))
        return max(wait * spread, asked)
