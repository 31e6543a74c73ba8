"""Which statuses things had, one by one: over a time, or at a moment."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import pairwise
from typing import Any

from loopsweb.accounts.models import Workspace
from loopsweb.resources.history.observation import Interval, Observation, load_observation
from loopsweb.resources.nouns import find_noun
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.unknown_periods import UnknownPeriod

FOREVER = datetime.max.replace(tzinfo=UTC)


class Knowledge(Enum):
    """NOT_OBSERVED: the API was not asked, or did not answer. NOT_GIVEN: it answered, without this
    thing or without its status."""

    KNOWN = "known"
    NOT_OBSERVED = "not observed"
    NOT_GIVEN = "not in the answers"
    NOT_THERE = "not there yet"


@dataclass(frozen=True)
class Stretch:
    """From `start` until before `end`. status: the last one that was seen."""

    start: datetime
    end: datetime
    status: str
    knowledge: Knowledge

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, kw_only=True)
class History:
    """What is kept about the statuses of one thing. created_at: when the API says that it began, if
    it does. changes: when each new status was first seen, with the old one, in order.
    observed, unknown: intervals in order, without their ends."""

    first_seen_at: datetime
    created_at: datetime | None
    status: str
    terminal: Collection[str]
    changes: Sequence[tuple[datetime, str]]
    observed: Sequence[Interval]
    unknown: Sequence[Interval]

    def at(self, time: datetime) -> tuple[str, Knowledge]:
        if time < self.first_seen_at:
            exists = self.created_at is not None and self.created_at <= time
            return "", Knowledge.NOT_OBSERVED if exists else Knowledge.NOT_THERE
        status = self.find_status(time)
        if status in self.terminal:
            return status, Knowledge.KNOWN
        if not is_within(time, self.observed):
            return status, Knowledge.NOT_OBSERVED
        return status, Knowledge.NOT_GIVEN if is_within(time, self.unknown) else Knowledge.KNOWN

    def find_status(self, time: datetime) -> str:
        """The last that was seen; "" for what was listed without one from the first."""
        for since, until in self.unknown[:1]:
            if since <= self.first_seen_at and time < until:
                return ""
        number = bisect_right(self.changes, time, key=lambda change: change[0])
        return self.changes[number][1] if number < len(self.changes) else self.status

    def list_held(self, without: Collection[str], start: datetime, end: datetime) -> list[Interval]:
        """When it had a status other than these, from `start` until `end`, observed or not."""
        found: list[Interval] = []
        since = max(self.first_seen_at, start)
        if self.unknown and self.unknown[0][0] <= self.first_seen_at:
            since = max(since, self.unknown[0][1])  # listed without one from the first
        for changed_at, status in (*self.changes, (FOREVER, self.status)):
            until = min(changed_at, end)
            if since >= until:
                continue
            if status and status not in without:
                joins = found and found[-1][1] == since
                found.append((found.pop()[0] if joins else since, until))
            since = until
        return found

    def stretches(self, start: datetime, end: datetime) -> list[Stretch]:
        """From `start` until `end`, without gaps; what is alike is one."""
        times = {self.first_seen_at, self.created_at or self.first_seen_at}
        times |= {time for time, _ in self.changes}
        times |= {time for interval in (*self.observed, *self.unknown) for time in interval}
        inside = [start, *sorted(time for time in times if start < time < end), end]
        found: list[Stretch] = []
        for since, until in pairwise(inside):
            status, knowledge = self.at(since)
            before = found[-1] if found else None
            if before and (before.status, before.knowledge) == (status, knowledge):
                found[-1] = replace(before, end=until)
            else:
                found.append(Stretch(since, until, status, knowledge))
        return found


def is_within(time: datetime, intervals: Sequence[Interval]) -> bool:
    number = bisect_right(intervals, time, key=lambda interval: interval[0])
    return number > 0 and time < intervals[number - 1][1]


def load_histories(
    rows: Sequence[Snapshot],
    *,
    since: datetime,
    now: datetime,
    workspace: Workspace | None = None,
    observation: Observation | None = None,
) -> dict[str, History]:
    """{remote id: what is kept from `since` on}. rows: all of one noun. workspace, observation: of
    these rows, where they are loaded already; two queries then, else up to five."""
    if not rows:
        return {}
    noun, workspace = find_noun(rows[0]), workspace or rows[0].workspace
    terminal = noun.vocabulary.terminal if noun.vocabulary else frozenset[str]()
    observation = observation or load_observation(workspace, noun.feed, since=since, now=now)
    of_these = {
        "workspace": workspace,
        "noun": noun.singular,
        "remote_id__in": [row.remote_id for row in rows],
    }
    changes = load_changes(of_these, since=since)
    unknown = load_unknown(of_these, since=since)
    observed = {key: observation.of_key(key) for key in {row.source_key_id for row in rows}}
    return {
        row.remote_id: History(
            first_seen_at=row.first_seen_at,
            created_at=getattr(row, "created_at", None),
            status=getattr(row, row.status_field, ""),
            terminal=terminal,
            changes=changes.get(row.remote_id, ()),
            observed=observed[row.source_key_id],
            unknown=[*unknown.get(row.remote_id, ()), *list_current(row)],
        )
        for row in rows
    }


def load_changes(
    of_these: Mapping[str, Any], *, since: datetime
) -> dict[str, list[tuple[datetime, str]]]:
    """{remote id: when each new status was first seen, with the old one}, in order."""
    changes = defaultdict[str, list[tuple[datetime, str]]](list)
    changed = StatusChange.objects.filter(**of_these, first_seen_new_at__gt=since)
    for remote_id, time, old in changed.order_by("first_seen_new_at", "pk").values_list(
        "remote_id", "first_seen_new_at", "old"
    ):
        changes[remote_id].append((time, old))
    return changes


def load_unknown(of_these: Mapping[str, Any], *, since: datetime) -> dict[str, list[Interval]]:
    """{remote id: the periods that have ended}, in order."""
    unknown = defaultdict[str, list[Interval]](list)
    periods = UnknownPeriod.objects.filter(**of_these, until__gt=since)
    for remote_id, begun, ended in periods.values_list("remote_id", "since", "until"):
        unknown[remote_id].append((begun, ended))
    return unknown


def list_current(row: Snapshot) -> Iterator[Interval]:
    """The time since when its status is not known."""
    if row.unknown_since:
        yield row.unknown_since, FOREVER
