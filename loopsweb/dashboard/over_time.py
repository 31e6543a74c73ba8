"""GPUs and cost of a workspace over time, as pictures.

Where much changed they are worked out after the page, at most once in LIFETIME_SECONDS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.models import Workspace
from loopsweb.resources.history.series import Series, load_series
from loopsweb.resources.pages.status_band import DAY, LABELS, LENGTHS
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.ui.charts.lines import Line, LineChart, Point, draw_lines
from loopsweb.ui.charts.scales import TimeScale
from loopsweb.ui.table_cache import cached_html, is_cached_html
from loopsweb.ui.url_text import clean_text

SPANS = {name: LABELS[name] for name in LENGTHS}
MAX_STEPS = 300  # of a picture and its table
MAX_CHANGES = 1_000  # of statuses in the time; with more the page does not wait for the pictures


@dataclass(frozen=True)
class OverTime:
    """choices: {name in the URL: label}. unseen: how much is in no sum. is_partial: whether
    something without a known number of GPUs or price was held. is_observed: whether there is
    anything to draw. is_pending: it is not worked out yet; the pictures are empty."""

    cost: LineChart
    gpus: LineChart
    chosen: str
    end: datetime
    unseen: int = 0
    is_partial: bool = False
    is_observed: bool = False
    is_pending: bool = False
    choices = SPANS


def render_over_time(request: WorkspaceRequest, *, version: str, now: datetime) -> SafeString:
    """The section of the overview. version: that of the page."""
    workspace, chosen = request.workspace, choose_span(request)

    def render(over_time: OverTime) -> str:
        context = {"over_time": over_time, "workspace": workspace}
        return render_to_string("dashboard/over_time.html", context, request)

    def render_now() -> str:
        return render(draw_over_time(workspace, chosen=chosen, now=now))

    changes = StatusChange.objects.filter(
        workspace=workspace, first_seen_new_at__gt=now - LENGTHS[chosen]
    )
    if changes.order_by()[: MAX_CHANGES + 1].count() <= MAX_CHANGES:
        return cached_html(render_now, key=(*build_key(request), version))
    if request.GET.get("pictures") == "now" or has_pictures(request):
        return cached_html(render_now, key=build_key(request))
    return SafeString(render(draw_series(Series(now - LENGTHS[chosen], now, []), chosen=chosen)))


def choose_span(request: WorkspaceRequest) -> str:
    chosen = clean_text(request.GET.get("history"))
    return chosen if chosen in SPANS else DAY


def has_pictures(request: WorkspaceRequest) -> bool:
    """Whether those that are worked out after the page are kept."""
    return is_cached_html(key=build_key(request))


def build_key(request: WorkspaceRequest) -> tuple[object, ...]:
    return ("over time", request.workspace.pk, choose_span(request))


def draw_over_time(workspace: Workspace, *, chosen: str, now: datetime) -> OverTime:
    """chosen: of SPANS."""
    series = load_series(workspace, start=now - LENGTHS[chosen], end=now, now=now)
    return draw_series(series, chosen=chosen)


def draw_series(series: Series, *, chosen: str) -> OverTime:
    """One without steps is not worked out yet."""
    label = SPANS[chosen]
    scale = TimeScale(series.start, series.end)
    costs = list_points(
        series, [None if one.usd is None else float(one.usd) for one in series.steps]
    )
    gpus = list_points(series, [one.gpus for one in series.steps])
    return OverTime(
        cost=draw(costs, "cost", f"USD per hour over {label}", "USD per hour", scale, show_usd),
        gpus=draw(gpus, "gpus", f"GPUs in use over {label}", "GPUs", scale, "{:,g}".format),
        chosen=chosen,
        end=series.end,
        unseen=series.unseen,
        is_observed=any(one.gpus is not None for one in series.steps),
        is_partial=any(one.unknown for one in series.steps),
        is_pending=not series.steps,
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
