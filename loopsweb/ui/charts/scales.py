"""Where a time or a value is in a picture, and the ticks of its axes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from loopsweb.ui.clock import get_zone

MAX_TIME_TICKS = 7
MAX_VALUE_TICKS = 4
SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86400
STEPS = (
    *(n * SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR for n in (1, 2, 3, 4, 6, 12)),
    *(n * DAY for n in (1, 2, 7, 14)),
)
MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200)
SMALLEST = 1e-9  # of values that differ from 0
MONTHS_OF_A_YEAR = 12
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)  # weeks begin on Mondays
NEAR_AN_EDGE = 5  # per cent: a label there is aligned to it


@dataclass(frozen=True)
class Tick:
    """at: a percentage across, or pixels down. time: of a tick of a time axis."""

    at: float
    label: str
    time: datetime | None = None

    @property
    def anchor(self) -> str:
        """The `text-anchor` that keeps the label of a time axis inside the picture."""
        if self.at < NEAR_AN_EDGE:
            return "start"
        return "end" if self.at > 100 - NEAR_AN_EDGE else "middle"


@dataclass(frozen=True)
class TimeScale:
    """From `start` to the later `end`, both aware."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return max(self.end - self.start, timedelta(seconds=1))

    def place(self, time: datetime) -> float:
        """The percentage of the width, at an edge for times outside."""
        share = (time - self.start) / self.length
        return round(100 * min(1, max(0, share)), 3)

    def ticks(self) -> list[Tick]:
        """At round times in the zone of the page, labelled by the day where a day begins."""
        return [
            Tick(self.place(time), label_time(time, step), time)
            for step, times in [self.choose_times()]
            for time in times
        ]

    def choose_times(self) -> tuple[float, list[datetime]]:
        """The step in seconds, and the times of the ticks."""
        for step in STEPS:
            if self.length.total_seconds() / step <= MAX_TIME_TICKS:
                return step, list(self.step_through(timedelta(seconds=step)))
        for months in MONTHS:
            times = list(self.step_through_months(months))
            if len(times) <= MAX_TIME_TICKS:
                return months * 30 * DAY, times
        return 0, []

    def step_through(self, step: timedelta) -> Iterator[datetime]:
        monday = MONDAY - (self.start.astimezone(get_zone()).utcoffset() or timedelta())
        time = monday + -((monday - self.start) // step) * step
        while time <= self.end:
            if time >= self.start:
                yield time
            time += step

    def step_through_months(self, months: int) -> Iterator[datetime]:
        start = self.start.astimezone(UTC)
        number = start.year * MONTHS_OF_A_YEAR // months * months
        while (year := number // MONTHS_OF_A_YEAR) <= self.end.year:
            time = datetime(year, number % MONTHS_OF_A_YEAR + 1, 1, tzinfo=UTC)
            if self.start <= time <= self.end:
                yield time
            number += months


def label_time(time: datetime, step: float) -> str:
    time = time.astimezone(get_zone())
    if step > STEPS[-1]:
        return f"{time:%b %Y}"
    if step >= DAY or (time.hour, time.minute, time.second) == (0, 0, 0):
        return f"{time.day} {time:%b}"
    return f"{time:%H:%M}" if step >= MINUTE else f"{time:%H:%M:%S}"


@dataclass(frozen=True)
class ValueScale:
    """From 0 at the bottom to `high`, over `height` pixels."""

    high: float
    height: int

    @classmethod
    def reaching(cls, highest: float, *, height: int) -> ValueScale:
        """Up to the round value at or above `highest`."""
        step = choose_step(highest)
        return cls(max(math.ceil(highest / step), 1) * step, height)

    def place(self, value: float) -> float:
        """Pixels from the top."""
        return round(self.height * (1 - min(1, max(0, value / self.high))), 2)

    def values(self) -> list[float]:
        """Round ones, from 0 to the highest."""
        step = choose_step(self.high)
        return [number * step for number in range(round(self.high / step) + 1)]


def choose_step(highest: float) -> float:
    """1, 2 or 5 times a power of ten, so that few steps reach `highest`."""
    if highest < SMALLEST:
        return 1
    power = 10.0 ** math.floor(math.log10(highest / MAX_VALUE_TICKS))
    return next(
        n * power for n in (1, 2, 5, 10) if n * power * MAX_VALUE_TICKS >= highest * (1 - 1e-9)
    )
