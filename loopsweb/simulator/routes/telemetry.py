"""Logs and metrics of a deployment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.field_validation import read_choice, read_integer, read_query_integer
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.log_generator import LEVELS, generate_log_lines, get_last_active
from loopsweb.simulator.metrics_generator import generate_metrics
from loopsweb.simulator.routes.deployments import find_deployment

MAX_WINDOW = timedelta(days=7)
MAX_POINTS = 720
MAX_EPOCH_MILLIS = 253_402_300_799_000  # the last second that a datetime can hold


def read_window(
    values: Mapping[str, Any], read: Callable[..., int], now: datetime
) -> tuple[datetime, datetime]:
    """(start, end) from start_epoch_millis and end_epoch_millis: by default the last half hour.

    read: read_integer for a body, read_query_integer for a query.
    """

    def read_time(name: str) -> datetime | None:
        if values.get(name) is None:
            return None
        millis = read(values, name, default=0, least=0, most=MAX_EPOCH_MILLIS)
        return datetime.fromtimestamp(millis / 1000, UTC)

    end = read_time("end_epoch_millis") or now
    start = read_time("start_epoch_millis") or end - timedelta(minutes=30)
    if start > end:
        raise ApiError(400, "start_epoch_millis must not be after end_epoch_millis.")
    if end - start > MAX_WINDOW:
        raise ApiError(400, "The window from start to end must not exceed 7 days.")
    return start, end


def list_logs(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/deployments/{deployment_id}/logs."""
    deployment, query = find_deployment(request), request.query
    start, end = read_window(query, read_query_integer, request.now)
    limit = read_query_integer(query, "limit", default=500, least=1, most=1000)
    direction = read_choice(query, "direction", ("asc", "desc")) or "desc"
    level = read_choice(query, "min_level", LEVELS)
    levels = None if level is None else LEVELS[LEVELS.index(level) :]

    def is_wanted(one: str | None) -> bool:
        return levels is None or one in levels

    ascending = direction == "asc"
    found = generate_log_lines(deployment, start, end, request.now, is_wanted, ascending=ascending)
    if deployment.logs is not None:
        given_logs = [line for line in deployment.logs if is_wanted(line.get("level"))]
        found = iter(given_logs[::-1] if ascending else given_logs)
    return respond_json({"logs": list(islice(found, limit))})


def get_metrics(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/deployments/{deployment_id}/metrics."""
    deployment, body = find_deployment(request), request.parse_body()
    start, end = read_window(body, read_integer, request.now)
    seconds = (end - start).total_seconds()
    step = read_integer(body, "step_seconds", default=max(15, int(seconds // 120)), least=1)
    step = max(step, int(seconds // MAX_POINTS) + 1)
    first = max(start, deployment.created_at).timestamp()
    until = min(end, get_last_active(deployment, request.now)).timestamp()
    aligned = -int(-first // step) * step
    moments = [float(at) for at in range(aligned, int(until) + 1, step)]
    metrics = generate_metrics(deployment, moments)
    return respond_json({"deployment_id": deployment.id, "metrics": metrics})


def list_debug_archive(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/deployments/{deployment_id}/debug_archive/files: always empty."""
    find_deployment(request)
    read_query_integer(request.query, "page_size", default=1000, least=1, most=1000)
    return respond_json({"presigned_urls": [], "next_page_token": None})
