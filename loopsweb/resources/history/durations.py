"""How long a status usually lasts, from those that were observed from beginning to end."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from loopsweb.resources.history.observation import compute_longest_wait
from loopsweb.resources.nouns import find_noun
from loopsweb.resources.snapshot.models import GPUHolder
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.ui.table_cache import cached
from loopsweb.ui.templatetags.ui import NO_BREAK, span

FEWEST = 5  # fewer say nothing
MAX_THINGS = 500  # of the same model, the newest
SHARE = 95  # per cent
MAX_ALIKE = 8  # at once


@dataclass(frozen=True)
class Lasting:
    """How long something has had its status. is_at_least: it was first seen with it.
    number: of earlier ones, SHARE per cent of which took at most `usual`; None if too few."""

    status: str
    length: timedelta
    is_at_least: bool
    number: int
    usual: timedelta | None
    share = SHARE

    @property
    def is_long(self) -> bool:
        return self.usual is not None and self.length > self.usual

    @property
    def comparison(self) -> str:
        """ "" with too few to compare with."""
        if self.usual is None:
            return ""
        of = f"Of {self.number} earlier ones of its model"
        return f"{of}, {self.share}{NO_BREAK}% took at most {span(self.usual)}."


def measure_status(row: GPUHolder, *, now: datetime) -> Lasting:
    return measure_statuses([row], now=now)[row.remote_id]


def measure_statuses(rows: Sequence[GPUHolder], *, now: datetime) -> dict[str, Lasting]:
    """{remote id: how long}. rows: of one noun and workspace; only the first MAX_ALIKE pairs of
    model and status are measured. In one query, and two for each pair that is not cached."""
    changes = StatusChange.objects.filter(
        workspace=rows[0].workspace_id, noun=rows[0].noun, remote_id__in=[o.remote_id for o in rows]
    )
    begun = {
        (remote_id, new): at
        for remote_id, new, at in changes.order_by("first_seen_new_at", "pk").values_list(
            "remote_id", "new", "first_seen_new_at"
        )
    }
    groups = defaultdict[tuple[str, str], list[GPUHolder]](list)
    for row in rows:
        groups[row.base_model, row.status].append(row)
    found: dict[str, Lasting] = {}
    for alike in list(groups.values())[:MAX_ALIKE]:
        number, usual = find_usual(alike[0])
        for row in alike:
            since = begun.get((row.remote_id, row.status))
            length = now - (since or row.first_seen_at)
            found[row.remote_id] = Lasting(row.status, length, since is None, number, usual)
    return found


def find_long(rows: Iterable[GPUHolder], *, now: datetime) -> Iterator[tuple[GPUHolder, Lasting]]:
    """Those that have had their status longer than usual."""
    some = list(rows)
    found = measure_statuses(some, now=now) if some else {}
    for row in some:
        if row.remote_id in found and found[row.remote_id].is_long:
            yield row, found[row.remote_id]


def find_usual(row: GPUHolder) -> tuple[int, timedelta | None]:
    """Of how many earlier ones, and what most of them took at most; None if they are too few. One
    more makes little difference, so what was worked out some minutes ago will do."""

    def compute() -> tuple[int, float | None]:
        lengths = sorted(find_lengths(row))
        number = len(lengths)
        place = math.ceil(number * SHARE / 100) - 1
        return number, lengths[place].total_seconds() if number >= FEWEST else None

    key = ("durations", row.workspace_id, row.noun, row.base_model, row.status)
    number, seconds = cached(compute, key=key, of=tuple[int, float | None])
    return number, None if seconds is None else timedelta(seconds=seconds)


def find_lengths(row: GPUHolder) -> list[timedelta]:
    """How long those of the same model had this status, where both ends were seen in time."""
    alike = type(row)._default_manager.filter(workspace=row.workspace_id, base_model=row.base_model)
    newest = alike.newest_first()[:MAX_THINGS]
    longest_wait = compute_longest_wait(find_noun(row).feed)
    changes = StatusChange.objects.filter(
        Q(old=row.status) | Q(new=row.status),
        workspace=row.workspace_id,
        noun=row.noun,
        remote_id__in=list(newest.values_list("remote_id", flat=True)),
    ).order_by("first_seen_new_at", "pk")
    begun: dict[str, datetime] = {}
    lengths = []
    for remote_id, new, last_seen_old_at, at in changes.values_list(
        "remote_id", "new", "last_seen_old_at", "first_seen_new_at"
    ):
        since = begun.pop(remote_id, None)
        if last_seen_old_at is None or last_seen_old_at < at - longest_wait:
            continue
        if new == row.status:
            begun[remote_id] = at
        elif since is not None:
            lengths.append(at - since)
    return lengths
