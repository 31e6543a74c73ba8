"""Logs, metrics and debug archives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.checkpoint_files import get_archive_files
from loopsweb.simulator.entities import Deployment, Sampler
from loopsweb.simulator.field_validation import read_choice, read_integer, read_query_integer
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.log_generator import generate_log_lines, get_last_active
from loopsweb.simulator.log_messages import LEVELS
from loopsweb.simulator.metrics_generator import generate_metrics
from loopsweb.simulator.routes.deployments import find_deployment
from loopsweb.simulator.routes.files import serialize_files
from loopsweb.simulator.routes.samplers import find_model_deployment
from loopsweb.simulator.work_periods import find_work_periods

MAX_WINDOW = timedelta(days=7)
MAX_POINTS = 720
TOKEN_PREFIX = "after-"  # noqa: S105  (of a page token)
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
    deployment = find_deployment(request)
    return build_log_page(request, deployment, request.query, read_query_integer)


def list_sampler_logs(request: AuthorizedRequest) -> Response:
    """POST /v1/models/{model_id}/deployments/{deployment_id}/logs, or GET with a query."""
    sampler = find_model_deployment(request)
    if request.http.method == "GET":
        return build_log_page(request, sampler, request.query, read_query_integer)
    return build_log_page(request, sampler, request.parse_body(), read_integer)


def build_log_page(
    request: AuthorizedRequest,
    logger: Deployment | Sampler,
    values: Mapping[str, Any],
    read: Callable[..., int],
) -> Response:
    """values, read: as for `read_window`."""
    start, end = read_window(values, read, request.now)
    limit = read(values, "limit", default=500, least=1, most=1000)
    direction = read_choice(values, "direction", ("asc", "desc")) or "desc"
    level = read_choice(values, "min_level", LEVELS)
    levels = None if level is None else LEVELS[LEVELS.index(level) :]

    def is_wanted(one: str | None) -> bool:
        return levels is None or one in levels

    ascending = direction == "asc"
    work = find_work_periods(logger, request.world.runs.values())
    found = generate_log_lines(work, start, end, request.now, is_wanted, ascending=ascending)
    given = logger.logs if isinstance(logger, Deployment) else None
    if given is not None:
        given_logs = [line for line in given if is_wanted(line.get("level"))]
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
    work = find_work_periods(deployment, request.world.runs.values())
    metrics = generate_metrics(deployment, work, moments)
    return respond_json({"deployment_id": deployment.id, "metrics": metrics})


def list_debug_archive(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/deployments/{deployment_id}/debug_archive/files: of a failed deployment."""
    deployment, query = find_deployment(request), request.query
    size = read_query_integer(query, "page_size", default=1000, least=1, most=1000)
    start = read_archive_token(query.get("page_token"))
    files = get_archive_files(deployment)
    end = start + size
    urls = serialize_files(request, deployment, files, start, end)
    token = f"{TOKEN_PREFIX}{end}" if end < len(files) else None
    return respond_json({"presigned_urls": urls, "next_page_token": token})


def read_archive_token(token: str | None) -> int:
    """The offset in an opaque token. 400 for any other text."""
    if token is None:
        return 0
    offset = token.removeprefix(TOKEN_PREFIX)
    if offset == token or not offset.isdecimal() or not offset.isascii():
        raise ApiError(400, "page_token must be a token that this route gave.")
    return int(offset[:9])
