"""GPUs and cost of a workspace over time, as pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from loopsweb.accounts.models import Workspace
from loopsweb.resources.history.series import Series, load_series
from loopsweb.resources.pages.status_band import DAY, LABELS, LENGTHS
from loopsweb.ui.charts.lines import Line, LineChart, Point, draw_lines
from loopsweb.ui.charts.scales import TimeScale

SPANS = {name: LABELS[name] for name in LENGTHS}
MAX_STEPS = 300  # of a picture and its table


@dataclass(frozen=True)
class OverTime:
    """choices: {name in the URL: label}. unseen: how much is in no sum. is_partial: whether
    something without a known number of GPUs or price was held. is_observed: whether there is
    anything to draw."""

    cost: LineChart
    gpus: LineChart
    chosen: str
    unseen: int
    is_partial: bool
    is_observed: bool
    choices = SPANS


def draw_over_time(workspace: Workspace, *, chosen: str, now: datetime) -> OverTime:
    """chosen: of SPANS, anything else for the day."""
    chosen = chosen if chosen in SPANS else DAY
    label = SPANS[chosen]
    series = load_series(workspace, start=now - LENGTHS[chosen], end=now, now=now)
    scale = TimeScale(series.start, series.end)
    costs = list_points(
        series, [None if one.usd is None else float(one.usd) for one in series.steps]
    )
    gpus = list_points(series, [one.gpus for one in series.steps])
    return OverTime(
        cost=draw(costs, "cost", f"USD per hour over {label}", "USD per hour", scale, show_usd),
        gpus=draw(gpus, "gpus", f"GPUs in use over {label}", "GPUs", scale, "{:,g}".format),
        chosen=chosen,
        unseen=series.unseen,
        is_observed=any(one.gpus is not None for one in series.steps),
        is_partial=any(one.unknown for one in series.steps),
    )


def list_points(series: Series, values: list[float | None] | list[int | None]) -> list[Point]:
    """One for each change of the value; where there are too many, the highest of each while."""
    points: list[Point] = []
    for step, value in zip(series.steps, values, strict=True):
        if not points or points[-1][1] != value:
            points.append((step.start, value))
    if len(points) > MAX_STEPS:
        points = thin(points, (series.end - series.start) / MAX_STEPS)
    return [*points, (series.end, points[-1][1])] if points else []


def thin(points: list[Point], width: timedelta) -> list[Point]:
    """The highest value within each `width`; a gap within one stays."""
    kept: list[Point] = []
    for time, value in points:
        if not kept or time >= kept[-1][0] + width:
            kept.append((time, value))
        elif value is None or kept[-1][1] is None:
            kept[-1] = (kept[-1][0], None)
        else:
            kept[-1] = (kept[-1][0], max(kept[-1][1], value))
    return kept


def draw(
    points: list[Point],
    name: str,
    title: str,
    unit: str,
    scale: TimeScale,
    show: Callable[[float], str],
) -> LineChart:
    known = [value for _, value in points if value is not None]
    text = f"Highest {max(known):,.0f}, last {known[-1]:,.0f}." if known else "Not observed."
    if any(value is None for _, value in points):
        text += " Gaps were not observed."
    line = Line(unit, points, is_step=True)
    return draw_lines(
        [line], name=name, title=title, description=text, scale=scale, show=show, height=110
    )


def show_usd(value: float) -> str:
    return f"${value:,.0f}" if value == int(value) else f"${value:,.2f}"
