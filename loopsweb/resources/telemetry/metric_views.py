"""The metrics of a deployment: a page at once, its pictures when the API has answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import urlencode

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor_of_request, record_event
from loopsweb.loops_api.metric_series import Series, find_last_work, list_series, tells_of_work
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.resources.pages.exports import require_export
from loopsweb.resources.pages.live_calls import NoAnswer
from loopsweb.resources.telemetry.log_source import ask_about
from loopsweb.resources.telemetry.metric_charts import choose_step, draw_pictures, list_nodes
from loopsweb.resources.telemetry.windows import (
    InvalidWindow,
    Window,
    list_presets,
    parse_window,
    show_typed,
)
from loopsweb.ui.csv_export import csv_response
from loopsweb.ui.pages import render_answer, wants_partial
from loopsweb.ui.url_text import clean_text

DEFAULT_WINDOW = "1h"
COLUMNS = {name: name for name in ("time", "node", "metric", "name", "value")}


@dataclass(frozen=True)
class MetricQuery:
    window: Window
    node: str
    errors: dict[str, str]

    def url(self, **changes: str) -> str:
        state = {**self.window.parameters, "node": self.node, **changes}
        return "?" + urlencode({name: value for name, value in state.items() if value})

    @property
    def all_nodes_url(self) -> str:
        return self.url(node="")

    @property
    def presets(self) -> list[tuple[str, str, str]]:
        """(name, label, query string) of each span that ends now."""
        return list_presets(self.window, lambda span: replace(self, window=span).url())


@dataclass(frozen=True)
class CsvRow:
    time: datetime
    node: str
    metric: str
    name: str
    value: float | None


@require(Permission.VIEW)
def show_metrics(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    """POST downloads them as CSV. `load=now` waits for the API, as without JavaScript."""
    row, now = get_row_or_404(request, Deployment, remote_id), timezone.now()
    query = parse_metric_query(request, now=now)
    context: dict[str, Any] = {
        "row": row,
        "query": query,
        "typed": show_typed(query.window, request.GET, "from", "to", is_valid=not query.errors),
        "metrics_url": request.path,
        "asked_at": now,
    }
    status = HTTPStatus.BAD_REQUEST if query.errors else HTTPStatus.OK
    is_post = request.method == "POST"
    is_asked = is_post or wants_partial(request, "metrics") or request.GET.get("load") == "now"
    if is_asked and not query.errors:
        try:
            series = load_series(request, row, query.window)
        except NoAnswer as why:
            context["why"], status = str(why), why.status
        else:
            if is_post:
                return answer_with_csv(request, row, query, series, now=now)
            step = timedelta(seconds=choose_step(query.window.length))
            context |= {
                "is_loaded": True,
                "pictures": draw_pictures(series, query.window, node=query.node),
                "nodes": list_nodes(series),
                "last_work": find_last_work(series, step=step, until=min(query.window.end, now)),
                "tells_of_work": tells_of_work(series),
                "step": step,
            }
    template = "telemetry/metrics.html"
    return render_answer(request, template, context, partial="metrics", status=status)


def parse_metric_query(request: WorkspaceRequest, *, now: datetime) -> MetricQuery:
    given = {name: request.GET.get(name, "") for name in ("window", "from", "to")}
    node = clean_text(request.GET.get("node"))
    try:
        return MetricQuery(parse_window(given, now=now, default=DEFAULT_WINDOW), node, {})
    except InvalidWindow as why:
        return MetricQuery(parse_window({}, now=now, default=DEFAULT_WINDOW), node, why.errors)


def load_series(request: WorkspaceRequest, row: Deployment, window: Window) -> tuple[Series, ...]:
    """Raises NoAnswer."""
    with ask_about(request, row, "metrics", method="get_metrics") as client:
        found = client.get_metrics(
            row.remote_id,
            start=window.start,
            end=window.end,
            step_seconds=choose_step(window.length),
        )
    return list_series(found.metrics)


def answer_with_csv(
    request: WorkspaceRequest,
    row: Deployment,
    query: MetricQuery,
    series: tuple[Series, ...],
    *,
    now: datetime,
) -> HttpResponse | HttpResponseBase:
    """The audit event is committed before the first row leaves."""
    require_export(request, noun="deployment")
    record_event(
        **actor_of_request(request),
        action="deployment.export_metrics",
        outcome=Outcome.SUCCEEDED,
        target_noun="deployment",
        target_id=row.remote_id,
        answer=query.window.fixed,
        now=now,
    )
    rows = list_csv_rows(series)
    return csv_response(COLUMNS, rows, name=f"metrics-{request.workspace.slug}", as_of=now)


def list_csv_rows(series: tuple[Series, ...]) -> Iterator[CsvRow]:
    for one in series:
        for at, value in one.points:
            yield CsvRow(at, one.node, one.metric, one.name, value)
