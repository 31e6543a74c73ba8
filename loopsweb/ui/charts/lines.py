"""Values over time as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from loopsweb.ui.charts.scales import Tick, TimeScale, ValueScale
from loopsweb.ui.templatetags.ui import middle

HEIGHT = 140
MOST_OVERLAID = 4  # lines on one scale; of more, each has a row of its own
ROW, ROW_GAP = 30, 8  # pixels; the gap is a part of the row
LABEL_LENGTH, LABEL_DY = 10, 3.5
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
    """number: of the line, from 1; it chooses colour and dashes. In rows it is always 1. area:
    below it."""

    number: int
    name: str
    d: str
    area: str


@dataclass(frozen=True, kw_only=True)
class LineChart:
    """name: unique in the page; it makes ids. row_high: the top of each row, "" where the lines are
    on one scale. Rows have their names instead of ticks."""

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
    row_high: str = ""

    @property
    def label_dy(self) -> float:
        """Pixels from a tick down to its label: that of a row is beside its middle."""
        return LABEL_DY - (ROW - ROW_GAP) / 2 if self.row_high else LABEL_DY

    @property
    def names(self) -> list[Path]:
        """One path of each line, where there are several lines on one scale."""
        firsts = [next(same) for _, same in groupby(self.paths, key=lambda path: path.number)]
        return firsts if len(self.headings) > 1 and not self.row_high else []


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
    is_in_rows = len(lines) > MOST_OVERLAID
    known = [value for line in lines for _, value in line.points if value is not None]
    values = ValueScale.reaching(
        max(known, default=0) if highest is None else highest,
        height=ROW - ROW_GAP if is_in_rows else height,
    )
    paths = [
        draw_path(1, line, piece, scale, values, top=number * ROW + ROW_GAP)
        if is_in_rows
        else draw_path(number + 1, line, piece, scale, values)
        for number, line in enumerate(lines)
        for piece in line.pieces()
    ]
    ticks = (
        [Tick(end * ROW, middle(line.name, LABEL_LENGTH)) for end, line in enumerate(lines, 1)]
        if is_in_rows
        else [Tick(values.place(one), show(one)) for one in values.values()]
    )
    return LineChart(
        name=name,
        title=title,
        description=description,
        scale=scale,
        value_ticks=ticks,
        paths=paths,
        headings=[line.name for line in lines],
        rows=list_values(lines, show),
        height=ROW * len(lines) if is_in_rows else height,
        row_high=show(values.high) if is_in_rows else "",
    )


def draw_path(
    number: int,
    line: Line,
    piece: list[tuple[datetime, float]],
    scale: TimeScale,
    values: ValueScale,
    *,
    top: int = 0,
) -> Path:
    """top: of the highest value, in pixels from that of the picture. A lone point is a line of no
    length, which round ends show as a dot."""
    placed = [
        (f"{scale.place(time) * 10:g}", f"{top + values.place(value):g}") for time, value in piece
    ]
    join = "H{0}V{1}" if line.is_step else "L{0} {1}"
    (x, y), rest = placed[0], placed[1:]
    d = f"M{x} {y}" + ("".join(join.format(*one) for one in rest) or "h0")
    return Path(number, line.name, d, f"{d}V{top + values.height}H{x}Z")


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
