"""When a worker would have asked the API in the last year: always, but for an hour a week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from loopsweb.keys.models import Key
from loopsweb.resources.nouns import FEEDS
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.observed_periods import ObservedPeriod
from loopsweb.resources.snapshot.poll_state import PollState, name_organisation
from loopsweb.serving.benchmark_data.timeline import YEAR
from loopsweb.serving.demo_history import UNOBSERVED, Interval, find_interval

WEEK, WEEKS = timedelta(days=7), 53
NOT_SHOWN = ("vanished", "details", "catalogue")


def find_seen_interval(at: datetime, *, now: datetime) -> Interval:
    """The last poll up to `at` and the first one after it."""
    return find_interval(at, gap=find_gap(now, weeks=(now - at) // WEEK))


def find_gap(now: datetime, *, weeks: int) -> Interval:
    """The one of that many weeks ago."""
    return now - weeks * WEEK - UNOBSERVED[0], now - weeks * WEEK - UNOBSERVED[1]


def store_poll_state(key: Key, *, now: datetime) -> PollState:
    """As after a poll at `now` that answered every question."""
    since = find_gap(now, weeks=0)[1].isoformat()
    state = PollState(key=key, next_poll_at=now, last_started_at=now, last_success_at=now)
    state.observed_since = dict.fromkeys(FEEDS, since)
    for name in (*FEEDS, *NOT_SHOWN):
        Feed().with_answer(digest="benchmark", at=now).store(state, name)
    state.save()
    ObservedPeriod.objects.bulk_create(list_periods(key, now=now))
    return state


def list_periods(key: Key, *, now: datetime) -> Iterator[ObservedPeriod]:
    """Those that ended."""
    begun = now - YEAR - WEEK
    for weeks in reversed(range(WEEKS)):
        ended, next_begun = find_gap(now, weeks=weeks)
        for feed in FEEDS:
            yield ObservedPeriod(
                workspace=key.workspace,
                feed=feed,
                key=key,
                organisation=name_organisation(key),
                since=begun,
                until=ended,
            )
        begun = next_begun
