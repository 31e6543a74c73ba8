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
from loopsweb.ui.charts.units import BYTES, SECONDS, choose_unit

KINDS = {"trainer": 1, "sampler": 2}
SYNCING, OTHER = 3, 4
LABELS = {1: "trainer weights", 2: "sampler weights", SYNCING: "still syncing", OTHER: "other"}
MIN_LENGTH = timedelta(minutes=10)
CHART_HEIGHT = 90
Url = Callable[[Checkpoint], str]


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
class TargetCharts:
    cadence: Cadence
    sizes: BarChart
    waits: BarChart


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


def draw_target(
    saved: Sequence[SavedCheckpoint], cadence: Cadence, *, url: Url, scale: TimeScale
) -> TargetCharts:
    """saved: of all targets. scale: the same for all, so that they stand below each other."""
    own = [one for one in saved if one.row.target == cadence.target]
    name = f"target-{KINDS.get(cadence.target, OTHER)}"
    sizes = choose_unit([one.row.size_bytes for one in own], BYTES)
    waits = [(one, one.after.total_seconds()) for one in own if one.after is not None]
    times = choose_unit([seconds for _, seconds in waits], SECONDS)
    return TargetCharts(
        cadence=cadence,
        sizes=draw_bars(
            [build_bar(one, sizes.convert(one.row.size_bytes), url=url) for one in own],
            name=f"{name}-sizes",
            title="Size of each checkpoint",
            description="A bar where each was saved. Those of unknown size are hollow.",
            scale=scale,
            show=sizes.show,
            height=CHART_HEIGHT,
        ),
        waits=draw_bars(
            [build_bar(one, times.convert(seconds), url=url) for one, seconds in waits],
            name=f"{name}-waits",
            title="Time since the one before",
            description="A high bar is a pause in training, or in saving.",
            scale=scale,
            show=times.show,
            height=CHART_HEIGHT,
        ),
    )


def build_bar(one: SavedCheckpoint, value: float | None, *, url: Url) -> Bar:
    row, kind = one.row, one.kind
    return Bar(one.at, value, row.name or row.remote_id, LABELS[kind], kind, url(row))


def choose_scale(saved: Sequence[SavedCheckpoint], *, now: datetime) -> TimeScale:
    """From the first to now, so that a pause until now is seen too."""
    start = saved[0].at if saved else now
    return TimeScale(min(start, now - MIN_LENGTH), max(now, saved[-1].at if saved else now))
