"""Things that have a time and a size, as bars over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from loopsweb.ui.charts.lines import HEIGHT
from loopsweb.ui.charts.scales import Tick, TimeScale, ValueScale

LEAST_HEIGHT = 2  # pixels: a value of 0 is still seen


@dataclass(frozen=True)
class Bar:
    """number: of its kind, from 1; it chooses colour and pattern. value: None if unknown."""

    at: datetime
    value: float | None
    label: str
    kind: str = ""
    number: int = 1
    url: str = ""


@dataclass(frozen=True)
class PlacedBar:
    bar: Bar
    x: float
    y: float
    height: float
    shown: str


@dataclass(frozen=True, kw_only=True)
class BarChart:
    """name: unique in the page; it makes ids."""

    name: str
    title: str
    description: str
    scale: TimeScale
    value_ticks: list[Tick]
    bars: list[PlacedBar]
    height: int = HEIGHT

    @property
    def kinds(self) -> list[Bar]:
        """One bar of each kind, where there are several kinds."""
        kinds = {one.bar.number: one.bar for one in self.bars}
        return [kinds[number] for number in sorted(kinds)] if len(kinds) > 1 else []


def draw_bars(
    bars: Sequence[Bar],
    *,
    name: str,
    title: str,
    description: str,
    scale: TimeScale,
    show: Callable[[float], str],
    height: int = HEIGHT,
) -> BarChart:
    """show: a value as text. A bar of unknown value reaches the top and is drawn hollow."""
    highest = max((one.value for one in bars if one.value is not None), default=0)
    values = ValueScale.reaching(highest, height=height)
    placed = []
    for one in bars:
        y = 0 if one.value is None else min(values.place(one.value), height - LEAST_HEIGHT)
        shown = "unknown" if one.value is None else show(one.value)
        placed.append(PlacedBar(one, scale.place(one.at), y, round(height - y, 2), shown))
    return BarChart(
        name=name,
        title=title,
        description=description,
        scale=scale,
        value_ticks=[Tick(values.place(one), show(one)) for one in values.values()],
        bars=placed,
        height=height,
    )
