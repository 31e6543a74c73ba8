"""The pictures of a deployment's metrics: one for each metric, a line for each rank or node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from statistics import fmean, median

import msgspec

from loopsweb.loops_api.metric_series import Series
from loopsweb.resources.telemetry.windows import Window
from loopsweb.ui.charts.lines import Line, LineChart, draw_lines
from loopsweb.ui.charts.scales import TimeScale
from loopsweb.ui.timestamps import format_minute

POINTS = 120
STEPS = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)  # seconds
MAX_LINES = 16
MAX_CHARTS = 20
GAP = 2.5  # steps
GIB = 1024**3


@dataclass(frozen=True)
class Kind:
    """A metric that is known. unit: of its values, in the heading. is_by_rank: of GPUs."""

    metric: str
    title: str
    unit: str
    show: Callable[[float], str]
    highest: float | None = None
    is_by_rank: bool = False
    divisor: int = 1  # of what the API sends


def show_share(value: float) -> str:
    return f"{100 * value:.0f} %" if value >= 0.1 or value == 0 else f"{100 * value:.1f} %"  # noqa: PLR2004


def show_size(value: float) -> str:
    return f"{value:,.4g}"


def show_number(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"  # noqa: PLR2004


def show_milliseconds(value: float) -> str:
    return f"{value:,.0f}"


KINDS = (
    Kind("gpu_utilization", "GPU utilisation", "% of a GPU", show_share, 1, is_by_rank=True),
    Kind(
        "gpu_memory_usage_bytes",
        "GPU memory",
        "GiB of a GPU",
        show_size,
        is_by_rank=True,
        divisor=GIB,
    ),
    Kind("cpu_usage", "CPU", "cores", show_number),
    Kind("cpu_memory_usage_bytes", "Memory", "GiB", show_size, divisor=GIB),
    Kind("ephemeral_storage.usage_bytes", "Ephemeral storage", "GiB", show_size, divisor=GIB),
    Kind("ephemeral_storage.utilization", "Ephemeral storage used", "%", show_share, 1),
    Kind("inference_volume", "Requests", "as the API counts them", show_number),
    Kind("inference_volume_by_status", "Requests by status", "as the API counts them", show_number),
    Kind("concurrent_requests", "Requests at the same time", "number", show_number),
    Kind("response_time_stats", "Response time", "ms", show_milliseconds),
)


@dataclass(frozen=True)
class Picture:
    title: str
    unit: str
    chart: LineChart


def choose_step(length: timedelta) -> int:
    """Seconds between two points, so that a picture has at most POINTS."""
    least = length.total_seconds() / POINTS
    return next((step for step in STEPS if step >= least), STEPS[-1])


def list_nodes(series: Iterable[Series]) -> list[str]:
    return list(dict.fromkeys(one.node for one in series if one.node))


def draw_pictures(series: Sequence[Series], window: Window, *, node: str = "") -> list[Picture]:
    """node: the ranks of this node's GPUs; "" for the mean of each node, where there are several.
    Metrics that are not known come last, under the API's own names."""
    known = {kind.metric for kind in KINDS}
    others = dict.fromkeys(one.metric for one in series if one.metric not in known)
    kinds = [*KINDS, *(Kind(name, name, "as the API sends it", show_number) for name in others)]
    pictures = (draw_picture(series, kind, window, node) for kind in kinds)
    return [one for one in pictures if one is not None][:MAX_CHARTS]


def draw_picture(series: Sequence[Series], kind: Kind, window: Window, node: str) -> Picture | None:
    """None without any point."""
    own = [divide(one, kind.divisor) for one in series if one.metric == kind.metric]
    by_node = [one for one in own if one.node] or own
    chosen = [one for one in by_node if node in ("", one.node)]
    if not chosen:
        return None
    is_mean = kind.is_by_rank and not node and bool(chosen[0].node)
    lines = average_nodes(chosen) if is_mean else [name_line(one, kind, node) for one in chosen]
    chart = draw_lines(
        lines[:MAX_LINES],
        name=kind.metric.replace(".", "-"),
        title=f"{kind.title} in {kind.unit}",
        description=describe(lines[:MAX_LINES], kind),
        scale=TimeScale(window.start, window.end),
        show=kind.show,
        highest=kind.highest,
    )
    title = f"{kind.title}, mean of each node" if is_mean else kind.title
    return Picture(title, kind.unit, chart)


def divide(series: Series, divisor: int) -> Series:
    points = tuple((at, None if value is None else value / divisor) for at, value in series.points)
    return msgspec.structs.replace(series, points=points) if divisor != 1 else series


def name_line(series: Series, kind: Kind, node: str) -> Line:
    rank = f"GPU {series.name}" if kind.is_by_rank and series.name else series.name
    name = " ".join(filter(None, ("" if node else series.node, rank)))
    return Line(name or kind.title, series.points, longest_gap=find_longest_gap(series))


def average_nodes(series: Sequence[Series]) -> list[Line]:
    """A line for each node: the mean of its ranks at each time at which one has a value."""
    lines = []
    for node in list_nodes(series):
        own = [one for one in series if one.node == node]
        values: dict[object, list[float]] = {}
        for one in own:
            for at, value in one.points:
                values.setdefault(at, []).extend([] if value is None else [value])
        times = sorted({at for one in own for at, _ in one.points})
        points = [(at, fmean(values[at]) if values[at] else None) for at in times]
        lines.append(Line(node, points, longest_gap=find_longest_gap(own[0])))
    return lines


def find_longest_gap(series: Series) -> timedelta | None:
    """Points that are further apart than this have a gap between them."""
    steps = [(after[0] - before[0]).total_seconds() for before, after in pairwise(series.points)]
    return timedelta(seconds=GAP * median(steps)) if steps else None


def describe(lines: Sequence[Line], kind: Kind) -> str:
    """The lowest, the highest and the newest value, for those who do not see the picture."""
    points = [(at, value) for line in lines for at, value in line.points if value is not None]
    if not points:
        return "No values."
    values = [value for _, value in points]
    newest = max(points, key=lambda point: point[0])
    low, high, last = (kind.show(value) for value in (min(values), max(values), newest[1]))
    return f"From {low} to {high}; last {last} at {format_minute(newest[0])}."
