"""What the checkpoints of a workspace take on storage: by run, model and person, and over time.

Sizes are those that the API gives. Those it does not give are counted apart, never as 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from heapq import nsmallest

from django.db.models import Count, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast, Substr

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.runs.models import Run

GROUPS_SHOWN = 20
LONGEST = timedelta(days=30)
PACE_DAYS = 14
MONTH_DAYS = 30
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Amount:
    """known_bytes: of those whose size is known; None where it is of none. unknown: how many have
    no size."""

    checkpoints: int
    known_bytes: int | None
    unknown: int


@dataclass(frozen=True)
class Group:
    """name: a run's id, a model or an email; "" is what has none that is known."""

    name: str
    amount: Amount


@dataclass(frozen=True)
class Grouping:
    """The largest groups, and what all others have together."""

    groups: list[Group]
    others: Amount


@dataclass(frozen=True)
class Growth:
    """days: the bytes at the end of each day, the last at `until`. pace: bytes a day, on average in
    the last `pace_days`; None where these are too few."""

    days: list[tuple[date, int]]
    until: datetime
    watched_since: datetime | None
    pace: float | None
    pace_days: int

    @property
    def in_a_month(self) -> int | None:
        """An estimate: at this pace."""
        return (
            None if self.pace is None else max(0, round(self.days[-1][1] + self.pace * MONTH_DAYS))
        )

    @property
    def pace_since(self) -> date:
        return self.until.date() - timedelta(days=self.pace_days)


@dataclass(frozen=True)
class Storage:
    total: Amount
    by_run: Grouping
    by_model: Grouping
    by_person: Grouping
    growth: Growth


NOTHING = Amount(0, None, 0)


def measure_storage(workspace: Workspace, *, now: datetime, kept_since: datetime | None) -> Storage:
    """kept_since: from when on rows are kept that are not listed any more; None: all are kept."""
    rows = Checkpoint.objects.in_workspace(workspace)
    owners = dict(Run.objects.in_workspace(workspace).values_list("remote_id", "owner_email"))
    by_run, by_model, by_person = (defaultdict[str, Amount](lambda: NOTHING) for _ in range(3))
    # One row for each run, in the order of an index that has all of it.
    summed = rows.filter(missing_since=None).order_by().values_list("run_remote_id", "base_model")
    for run, model, *counts in summed.annotate(
        Count("pk"), Sum("size_bytes"), unknown=Count("pk", filter=Q(size_bytes=None))
    ):
        amount = Amount(*counts)
        by_run[run] = add(by_run[run], amount) if run in by_run else amount
        by_model[model] = add(by_model[model], amount)
        by_person[owners.get(run, "")] = add(by_person[owners.get(run, "")], amount)
    total = reduce(add, by_model.values(), NOTHING)
    return Storage(
        total=total,
        by_run=pick_largest(by_run),
        by_model=pick_largest(by_model),
        by_person=pick_largest(by_person),
        growth=measure_growth(rows, total.known_bytes or 0, now=now, kept_since=kept_since),
    )


def add(one: Amount, other: Amount) -> Amount:
    known = one.known_bytes, other.known_bytes
    return Amount(
        one.checkpoints + other.checkpoints,
        (known[0] or 0) + (known[1] or 0) if known != (None, None) else None,
        one.unknown + other.unknown,
    )


def pick_largest(amounts: Mapping[str, Amount]) -> Grouping:
    """Those with most bytes first; those of which no size is known come last."""

    def rank(item: tuple[str, Amount]) -> tuple[int, int, str]:
        known = item[1].known_bytes
        return (1 if known is None else -known, -item[1].checkpoints, item[0])

    largest = nsmallest(GROUPS_SHOWN, amounts.items(), key=rank)
    shown = {name for name, _ in largest}
    others = reduce(add, (one for name, one in amounts.items() if name not in shown), NOTHING)
    return Grouping([Group(*item) for item in largest], others)


def measure_growth(
    rows: QuerySet[Checkpoint], held_now: int, *, now: datetime, kept_since: datetime | None
) -> Growth:
    """rows: listed ones, and those that are not listed any more, which count until then."""
    oldest = rows.order_by("created_at").exclude(created_at=None).values_list("created_at").first()
    seen = rows.order_by("pk").values_list("first_seen_at").first()
    start = max(now - LONGEST, (oldest and oldest[0]) or now, kept_since or now - LONGEST)
    midnight = datetime.combine(start.astimezone(UTC), time(), tzinfo=UTC)
    midnights = []
    while midnight <= now:
        midnights.append(midnight)
        midnight += DAY
    changes = sum_since(rows, midnights[1:])
    days = [(one.date(), held_now - change) for one, change in zip(midnights, changes, strict=True)]
    pace_days = min(PACE_DAYS, len(days) - 1)
    pace = (held_now - days[-1 - pace_days][1]) / pace_days if pace_days else None
    return Growth(days, now, seen[0] if seen else None, pace, pace_days)


def sum_since(rows: QuerySet[Checkpoint], midnights: Sequence[datetime]) -> list[int]:
    """By how many bytes it grew since each midnight, and at the end 0, which is since now. In two
    passes over an index, each with one row a day."""
    grown = defaultdict[str, int](int)
    for field, sign in (("created_at", 1), ("missing_since", -1)) if midnights else ():
        since = rows.order_by().filter(**{f"{field}__gte": midnights[0]})
        its_day = Substr(Cast(field, TextField()), 1, len("2026-11-24"))  # UTC in both databases
        for day, size in since.values_list(its_day).annotate(Sum("size_bytes", default=0)):
            grown[day] += sign * size
    days = [midnight.date().isoformat() for midnight in midnights]
    return [*(sum(size for day, size in grown.items() if day >= first) for first in days), 0]
