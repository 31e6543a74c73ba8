"""What the organisation's deployments and samplers cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.entities import Deployment, Sampler
from loopsweb.simulator.field_validation import read_text
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.log_generator import get_last_active

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
OVER = frozenset({"INACTIVE", "BUILD_FAILED", "BUILD_STOPPED", "DEPLOY_FAILED", "FAILED"})
MAX_RANGE = timedelta(days=31)


def get_usage_summary(request: AuthorizedRequest) -> Response:
    """GET /v1/billing/usage_summary: at most 31 days, from 2026 on."""
    start, end = read_time(request, "start_date"), read_time(request, "end_date")
    if start < EARLIEST:
        raise ApiError(400, "start_date must not be before 2026-01-01.")
    if not start <= end <= start + MAX_RANGE:
        raise ApiError(400, "end_date must be 0 to 31 days after start_date.")
    organization, world = request.caller.organization, request.world

    def list_items(entities: list[Any], kind: str) -> list[dict[str, Any]]:
        own = [one for one in entities if one.owner.organization == organization]
        billed = ((one, count_minutes(request, one, start, end)) for one in own)
        return [serialize_item(one, kind, minutes) for one, minutes in billed if minutes]

    trainers = list_items(list(world.deployments.values()), "LOOPS_TRAINER")
    dedicated = [one for one in world.samplers.values() if one.instance_type is not None]
    extra = {"surcharge_cost": "0.00", "inference_requests": 0}
    samplers = [
        item | extra | {"compute_cost": item["subtotal"]}
        for item in list_items(dedicated, "LOOPS_SAMPLER")
    ]
    return respond_json(
        {
            "dedicated_usage": add_totals(samplers),
            "training_usage": add_totals(trainers),
            "model_apis_usage": None,
        }
    )


def read_time(request: AuthorizedRequest, name: str) -> datetime:
    """A time of the query in ISO 8601. One without an offset is UTC."""
    try:
        at = datetime.fromisoformat(read_text(request.query, name))
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ApiError(400, f"{name} must be a date in ISO 8601.") from None


def count_minutes(
    request: AuthorizedRequest, one: Deployment | Sampler, start: datetime, end: datetime
) -> int:
    """The minutes between `start` and `end` in which it held GPUs; none if when it ended is not
    known."""
    if one.status in OVER and one.ended_at is None:
        return 0
    lasted = min(end, get_last_active(one, request.now)) - max(start, one.created_at)
    return max(lasted // timedelta(minutes=1), 0)


def serialize_item(one: Deployment | Sampler, kind: str, minutes: int) -> dict[str, Any]:
    price = 0.0 if one.instance_type is None else one.instance_type.price
    resource = {
        "id": one.id,
        "kind": kind,
        "name": None,
        "is_deleted": False,
        "instance_type": None if one.instance_type is None else one.instance_type.name,
        "base_model": one.base_model,
    }
    subtotal = f"{price * one.node_count * minutes:.2f}"
    return {"billable_resource": resource, "subtotal": subtotal, "minutes": minutes, "daily": []}


def add_totals(items: list[dict[str, Any]]) -> dict[str, Any]:
    total = f"{sum(float(one['subtotal']) for one in items):.2f}"
    return {
        "subtotal": total,
        "credits_used": "0.00",
        "total": total,
        "minutes": sum(one["minutes"] for one in items),
        "breakdown": items,
    }
