"""The checkpoints of one run over time: how large each is, and how long after the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.ui.charts.bars import Bar, BarChart, draw_bars
from loopsweb.ui.charts.scales import TimeScale

KINDS = {"trainer": 1, "sampler": 2}
SYNCING, OTHER = 3, 4
LABELS = {1: "trainer weights", 2: "sampler weights", SYNCING: "still syncing", OTHER: "other"}
MIN_LENGTH = timedelta(minutes=10)


@dataclass(frozen=True)
class SavedCheckpoint:
    """after: how long after the one before of the same target; None for the first of them."""

    row: Checkpoint
    at: datetime
    after: timedelta | None

    @property
    def kind(self) -> int:
        if self.row.sync_status == "SYNCING":
            return SYNCING
        return KINDS.get(self.row.target, OTHER)


@dataclass(frozen=True)
class Cadence:
    """Of one target: how many, the median time between two, and how long ago the newest was."""

    target: str
    count: int
    median: timedelta | None
    newest: datetime


def order_saved(rows: Sequence[Checkpoint]) -> list[SavedCheckpoint]:
    """Those whose time is known, in order of time."""
    last: dict[str, datetime] = {}
    saved = []
    dated = [(row.created_at, row) for row in rows if row.created_at]
    for at, row in sorted(dated, key=lambda pair: (pair[0], pair[1].pk)):
        before = last.get(row.target)
        saved.append(SavedCheckpoint(row, at, None if before is None else at - before))
        last[row.target] = at
    return saved


def measure_cadence(saved: Sequence[SavedCheckpoint]) -> list[Cadence]:
    counts = Counter(one.row.target for one in saved)
    measured = []
    for target, count in sorted(counts.items()):
        own = [one for one in saved if one.row.target == target]
        waits = [one.after for one in own if one.after is not None]
        middle = timedelta(seconds=median(w.total_seconds() for w in waits)) if waits else None
        measured.append(Cadence(target, count, middle, own[-1].at))
    return measured


def draw_sizes(
    saved: Sequence[SavedCheckpoint],
    *,
    url: Callable[[Checkpoint], str],
    show: Callable[[float], str],
    now: datetime,
) -> BarChart:
    return draw_bars(
        [build_bar(one, one.row.size_bytes, url=url) for one in saved],
        name="sizes",
        title="Size of each checkpoint",
        description="One bar for each, where it was saved. Those of unknown size are hollow.",
        scale=choose_scale(saved, now=now),
        show=show,
    )


def draw_cadence(
    saved: Sequence[SavedCheckpoint],
    *,
    url: Callable[[Checkpoint], str],
    show: Callable[[float], str],
    now: datetime,
) -> BarChart:
    return draw_bars(
        [build_bar(one, one.after.total_seconds(), url=url) for one in saved if one.after],
        name="cadence",
        title="Time since the one before",
        description="For each checkpoint, how long after the one before of the same target it was "
        "saved. A high bar is a pause in training, or in saving.",
        scale=choose_scale(saved, now=now),
        show=show,
    )


def build_bar(
    one: SavedCheckpoint, value: float | None, *, url: Callable[[Checkpoint], str]
) -> Bar:
    row, kind = one.row, one.kind
    return Bar(one.at, value, row.name or row.remote_id, LABELS[kind], kind, url(row))


def choose_scale(saved: Sequence[SavedCheckpoint], *, now: datetime) -> TimeScale:
    """From the first to now, so that a pause until now is seen too."""
    start = saved[0].at if saved else now
    return TimeScale(min(start, now - MIN_LENGTH), max(now, saved[-1].at if saved else now))
