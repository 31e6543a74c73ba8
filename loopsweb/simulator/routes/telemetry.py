"""Logs and metrics of a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Literal

from loopsweb.simulator.authorized_request import Call
from loopsweb.simulator.entities import Deployment
from loopsweb.simulator.exchange import Answer, Refusal, answer
from loopsweb.simulator.fields import choice, integer, number_in_query
from loopsweb.simulator.telemetry import LEVELS, last_moment, lines
from loopsweb.simulator.usage import metrics as metrics_of

LONGEST_WINDOW = timedelta(days=7)
MOST_POINTS = 720
LATEST = 253_402_300_799_000  # the last millisecond a datetime holds


Millis = Literal["start_epoch_millis", "end_epoch_millis"]
MILLIS: tuple[Millis, ...] = ("start_epoch_millis", "end_epoch_millis")


def deployment_of(call: Call) -> Deployment:
    return call.find(call.world.deployments, call.params["deployment_id"], "Deployment")


def window(given: Mapping[Millis, int], now: datetime) -> tuple[datetime, datetime]:
    """From start_epoch_millis to end_epoch_millis: by default the last half hour."""
    end = at_millis(given.get("end_epoch_millis")) or now
    start = at_millis(given.get("start_epoch_millis")) or end - timedelta(minutes=30)
    if start > end:
        raise Refusal(400, "start_epoch_millis must not be after end_epoch_millis.")
    if end - start > LONGEST_WINDOW:
        raise Refusal(400, "The window from start to end must not exceed 7 days.")
    return start, end


def at_millis(value: int | None) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


def logs(call: Call) -> Answer:
    """GET /v1/loops/deployments/{deployment_id}/logs."""
    deployment, query = deployment_of(call), call.query
    given = {
        name: number_in_query(query, name, default=0, least=0, most=LATEST)
        for name in MILLIS
        if name in query
    }
    start, end = window(given, call.now)
    limit = number_in_query(query, "limit", default=500, least=1, most=1000)
    direction = choice(query, "direction", ("asc", "desc")) or "desc"
    level = choice(query, "min_level", LEVELS)
    reached = None if level is None else LEVELS[LEVELS.index(level) :]

    def wanted(one: str | None) -> bool:
        return reached is None or one in reached

    ascending = direction == "asc"
    found = lines(deployment, start, end, call.now, wanted, ascending=ascending)
    if deployment.logs is not None:
        own = [line for line in deployment.logs if wanted(line.get("level"))]
        found = iter(own[::-1] if ascending else own)
    return answer({"logs": list(islice(found, limit))})


def metrics(call: Call) -> Answer:
    """POST /v1/loops/deployments/{deployment_id}/metrics."""
    deployment, body = deployment_of(call), call.body()
    given = {
        name: integer(body, name, default=0, least=0, most=LATEST)
        for name in MILLIS
        if body.get(name) is not None
    }
    start, end = window(given, call.now)
    seconds = (end - start).total_seconds()
    step = integer(body, "step_seconds", default=max(15, int(seconds // 120)), least=1)
    step = max(step, int(seconds // MOST_POINTS) + 1)
    first = max(start, deployment.created_at).timestamp()
    until = min(end, last_moment(deployment, call.now)).timestamp()
    aligned = -int(-first // step) * step
    moments = [float(at) for at in range(aligned, int(until) + 1, step)]
    return answer({"deployment_id": deployment.id, "metrics": metrics_of(deployment, moments)})


def debug_archive(call: Call) -> Answer:
    """GET /v1/loops/deployments/{deployment_id}/debug_archive/files: none are kept here."""
    deployment_of(call)
    number_in_query(call.query, "page_size", default=1000, least=1, most=1000)
    return answer({"presigned_urls": [], "next_page_token": None})
