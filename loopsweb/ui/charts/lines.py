"""Values over time as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from loopsweb.ui.charts.scales import Tick, TimeScale, ValueScale

HEIGHT = 140
WIDTH = 1000  # of the coordinates of a path; it is stretched to the picture
Point = tuple[datetime, float | None]


@dataclass(frozen=True)
class Line:
    """points: in order of time; None is what was not observed. is_step: a value holds until the
    next point. longest_gap: points further apart are not joined."""

    name: str
    points: Sequence[Point]
    is_step: bool = False
    longest_gap: timedelta | None = None

    def pieces(self) -> Iterator[list[tuple[datetime, float]]]:
        """The points between gaps. In a step, a piece ends with the time at which its value
        ceased."""
        piece: list[tuple[datetime, float]] = []
        for time, value in self.points:
            is_far = piece and self.longest_gap and time - piece[-1][0] > self.longest_gap
            if (value is None or is_far) and piece:
                if self.is_step:
                    piece.append((time, piece[-1][1]))
                yield piece
                piece = []
            if value is not None:
                piece.append((time, value))
        if piece:
            yield piece


@dataclass(frozen=True)
class Path:
    """number: of the line, from 1; it chooses colour and dashes. area: below it."""

    number: int
    name: str
    d: str
    area: str


@dataclass(frozen=True, kw_only=True)
class LineChart:
    """name: unique in the page; it makes ids."""

    name: str
    title: str
    description: str
    scale: TimeScale
    value_ticks: list[Tick]
    paths: list[Path]
    headings: list[str]
    rows: list[tuple[datetime, list[str]]]
    height: int = HEIGHT
    width: int = WIDTH

    @property
    def names(self) -> list[Path]:
        """One path of each line, where there are several lines."""
        firsts = [next(same) for _, same in groupby(self.paths, key=lambda path: path.number)]
        return firsts if len(self.headings) > 1 else []


def draw_lines(
    lines: Sequence[Line],
    *,
    name: str,
    title: str,
    description: str,
    scale: TimeScale,
    show: Callable[[float], str],
    height: int = HEIGHT,
    highest: float | None = None,
) -> LineChart:
    """show: a value as text. highest: of the values, where the axis should not follow the data."""
    known = [value for line in lines for _, value in line.points if value is not None]
    values = ValueScale.reaching(
        max(known, default=0) if highest is None else highest, height=height
    )
    paths = [
        draw_path(number, line, piece, scale, values)
        for number, line in enumerate(lines, 1)
        for piece in line.pieces()
    ]
    return LineChart(
        name=name,
        title=title,
        description=description,
        scale=scale,
        value_ticks=[Tick(values.place(one), show(one)) for one in values.values()],
        paths=paths,
        headings=[line.name for line in lines],
        rows=list_values(lines, show),
        height=height,
    )


def draw_path(
    number: int,
    line: Line,
    piece: list[tuple[datetime, float]],
    scale: TimeScale,
    values: ValueScale,
) -> Path:
    """A lone point is a line of no length, which round ends show as a dot."""
    placed = [(f"{scale.place(time) * 10:g}", f"{values.place(value):g}") for time, value in piece]
    join = "H{0}V{1}" if line.is_step else "L{0} {1}"
    (x, y), rest = placed[0], placed[1:]
    d = f"M{x} {y}" + ("".join(join.format(*one) for one in rest) or "h0")
    return Path(number, line.name, d, f"{d}V{values.height}H{x}Z")


def list_values(
    lines: Sequence[Line], show: Callable[[float], str]
) -> list[tuple[datetime, list[str]]]:
    """A row for each time at which a line has a point; "" where a line has none."""
    by_time: dict[datetime, list[str]] = {}
    for number, line in enumerate(lines):
        for time, value in line.points:
            row = by_time.setdefault(time, [""] * len(lines))
            row[number] = "not observed" if value is None else show(value)
    return sorted(by_time.items())
