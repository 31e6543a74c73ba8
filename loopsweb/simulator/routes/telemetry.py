"""Logs and metrics of a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Literal

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.field_validation import read_choice, read_integer, read_query_integer
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.log_generator import LEVELS, generate_log_lines, get_last_active
from loopsweb.simulator.metrics_generator import generate_metrics as metrics_of
from loopsweb.simulator.routes.deployments import find_deployment

MAX_WINDOW = timedelta(days=7)
MAX_POINTS = 720
MAX_EPOCH_MILLIS = 253_402_300_799_000  # the last millisecond that a datetime can hold


Millis = Literal["start_epoch_millis", "end_epoch_millis"]
MILLIS: tuple[Millis, ...] = ("start_epoch_millis", "end_epoch_millis")


def read_window(given: Mapping[Millis, int], now: datetime) -> tuple[datetime, datetime]:
    """(start, end) from start_epoch_millis and end_epoch_millis: by default the last half hour."""
    end = from_millis(given.get("end_epoch_millis")) or now
    start = from_millis(given.get("start_epoch_millis")) or end - timedelta(minutes=30)
    if start > end:
        raise ApiError(400, "start_epoch_millis must not be after end_epoch_millis.")
    if end - start > MAX_WINDOW:
        raise ApiError(400, "The window from start to end must not exceed 7 days.")
    return start, end


def from_millis(value: int | None) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


def list_logs(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/deployments/{deployment_id}/logs."""
    deployment, query = find_deployment(request), request.query
    given = {
        name: read_query_integer(query, name, default=0, least=0, most=MAX_EPOCH_MILLIS)
        for name in MILLIS
        if name in query
    }
    start, end = read_window(given, request.now)
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
    given = {
        name: read_integer(body, name, default=0, least=0, most=MAX_EPOCH_MILLIS)
        for name in MILLIS
        if body.get(name) is not None
    }
    start, end = read_window(given, request.now)
    seconds = (end - start).total_seconds()
    step = read_integer(body, "step_seconds", default=max(15, int(seconds // 120)), least=1)
    step = max(step, int(seconds // MAX_POINTS) + 1)
    first = max(start, deployment.created_at).timestamp()
    until = min(end, get_last_active(deployment, request.now)).timestamp()
    aligned = -int(-first // step) * step
    moments = [float(at) for at in range(aligned, int(until) + 1, step)]
    return respond_json(
        {"deployment_id": deployment.id, "metrics": metrics_of(deployment, moments)}
    )


def list_debug_archive(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/deployments/{deployment_id}/debug_archive/files: always empty."""
    find_deployment(request)
    read_query_integer(request.query, "page_size", default=1000, least=1, most=1000)
    return respond_json({"presigned_urls": [], "next_page_token": None})
