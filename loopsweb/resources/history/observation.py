"""When the rows of a feed were observed: the times without a pause between answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.poll_plan import QUIET_INTERVAL
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.observed_periods import ObservedPeriod, build_period
from loopsweb.resources.snapshot.poll_state import PollState, name_organisation

SLOW_AFTER = timedelta(seconds=30)  # beyond the longest wait between two polls
LONGEST_SPREAD = 1.15  # of that wait
ASKED_SELDOM = {"checkpoints": QUIET_INTERVAL}
Interval = tuple[datetime, datetime]


def compute_late_time(feed: str, as_of: datetime | None) -> datetime | None:
    """When a newer answer is due. One that comes later leaves a gap."""
    return None if as_of is None else as_of + compute_longest_wait(feed)


def compute_longest_wait(feed: str) -> timedelta:
    wait = timedelta(seconds=settings.POLL_QUIET_SECONDS * LONGEST_SPREAD)
    return wait + ASKED_SELDOM.get(feed, timedelta()) + SLOW_AFTER


def note_answer(state: PollState, name: str, *, before: Feed, after: Feed) -> list[ObservedPeriod]:
    """Go on with the feed's period in `state`, unsaved; begin one when the answer came late.

    Returns the period that ended with the answer `before`, if one did, unsaved."""
    if after.as_of is None or after.as_of == before.as_of:
        return []
    due_at = compute_late_time(name, before.as_of)
    if due_at and after.as_of <= due_at and name in state.observed_since:
        return []
    ended = build_period(state, name, until=before.as_of) if before.as_of else None
    state.observed_since[name] = after.as_of.isoformat()
    return [ended] if ended else []


@dataclass(frozen=True)
class Observation:
    """The observed periods of one feed. organisations: of each key, by its id. is_offered: False if
    the server has no such feed."""

    feed: str
    periods: list[ObservedPeriod]
    organisations: dict[int, str]
    is_offered: bool = True

    def of_key(self, key_id: int | None) -> list[Interval]:
        """When the rows read with a key were observed: with it, with another that saw its whole
        organisation, or with one that was removed since."""
        organisation = self.organisations.get(key_id, "") if key_id else ""
        return self.merge(
            one
            for one in self.periods
            if one.key_id in {key_id, None}
            or (one.organisation and organisation in {one.organisation, ""})
        )

    @property
    def of_any(self) -> list[Interval]:
        """When anything was observed."""
        return self.merge(self.periods)

    def find_keys(self, at: datetime) -> list[int | None]:
        """The keys whose rows were observed then; None stands for those of removed keys."""
        keys = [*self.organisations, None]
        return [key for key in keys if contains(self.of_key(key), at)]

    def merge(self, periods: Iterable[ObservedPeriod]) -> list[Interval]:
        """In order. Where one key took over from another in time, the periods are one."""
        longest_wait = compute_longest_wait(self.feed)
        merged: list[Interval] = []
        for one in sorted(periods, key=lambda one: one.since):
            if merged and one.since <= merged[-1][1] + longest_wait:
                merged[-1] = (merged[-1][0], max(merged[-1][1], one.until))
            else:
                merged.append((one.since, one.until))
        return merged


def contains(intervals: Iterable[Interval], at: datetime) -> bool:
    return any(since <= at <= until for since, until in intervals)


def intersect(some: Sequence[Interval], others: Sequence[Interval]) -> list[Interval]:
    """What is in both. Each in order, without overlaps."""
    found, one, other = [], 0, 0
    while one < len(some) and other < len(others):
        since = max(some[one][0], others[other][0])
        until = min(some[one][1], others[other][1])
        if since < until:
            found.append((since, until))
        if some[one][1] <= others[other][1]:
            one += 1
        else:
            other += 1
    return found


def subtract(some: Iterable[Interval], others: Sequence[Interval]) -> Iterator[Interval]:
    """What is not in the others. Each in order, without overlaps."""
    for start, until in some:
        since = start
        for begun, ended in others:
            if since < begun < until:
                yield since, begun
            if begun < until:
                since = max(since, ended)
        if since < until:
            yield since, until


def load_observation(
    workspace: Workspace, feed: str, *, since: datetime, now: datetime
) -> Observation:
    """What was observed from `since` until `now`, in two queries."""
    stored = ObservedPeriod.objects.filter(workspace=workspace, feed=feed, until__gte=since)
    states = list(PollState.objects.filter(key__workspace=workspace).select_related("key"))
    current = [one for state in states if (one := build_current_period(state, feed, now=now))]
    organisations = {state.key_id: name_organisation(state.key) for state in states}
    periods = [*stored, *current]
    feeds = [Feed.load(state, feed) for state in states]
    is_offered = bool(periods) or not feeds or not all(one.is_not_offered for one in feeds)
    return Observation(feed, periods, organisations, is_offered)


def build_current_period(state: PollState, feed: str, *, now: datetime) -> ObservedPeriod | None:
    """The period that goes on, unsaved. It lasts until now unless an answer is overdue."""
    as_of = Feed.load(state, feed).as_of
    due_at = compute_late_time(feed, as_of)
    if as_of is None or due_at is None:
        return None
    return build_period(state, feed, until=now if due_at >= now else as_of)
