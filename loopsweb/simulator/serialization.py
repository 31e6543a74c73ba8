"""Helpers for both serializers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Protocol

from loopsweb.simulator.entities import Checkpoint, Deployment, Entity, Run, Sampler
from loopsweb.simulator.http_messages import Response


class Serializer(Protocol):
    """One generation of JSON: the modules documented_serializer and current_serializer."""

    STOPPED_IS_LISTED: bool

    def serialize_sampler(self, entity: Sampler, /) -> dict[str, Any]: ...
    def serialize_run(self, entity: Run, /) -> dict[str, Any]: ...
    def serialize_run_item(self, entity: Run, /) -> dict[str, Any]: ...
    def serialize_checkpoint(self, entity: Checkpoint, /) -> dict[str, Any]: ...
    def serialize_deployment(self, entity: Deployment, /) -> dict[str, Any]: ...
    def serialize_error(
        self, status: int, message: str, reason: str | None, /
    ) -> dict[str, Any]: ...


def apply_overrides(fields: dict[str, Any], entity: Entity) -> dict[str, Any]:
    """`fields` with the entity's `extra` laid over them and without those of `omit`."""
    if not entity.extra and not entity.omit:
        return fields
    merged = {**fields, **entity.extra}
    return {name: value for name, value in merged.items() if name not in entity.omit}


def respond_list(
    name: str, entities: Iterable[Entity], serialize: Callable[[Any], dict[str, Any]]
) -> Response:
    """A response with one array, `name`, of the entities' cached JSON."""
    items = b",".join(entity.cached_json(serialize) for entity in entities)
    return Response(body=b'{"' + name.encode() + b'":[' + items + b"]}")


def serialize_deactivated(entity: Deployment | Run | Sampler) -> dict[str, Any]:
    """The JSON that every deactivation route returns."""
    return {"id": entity.id, "base_model": entity.base_model, "user": {"email": entity.owner.email}}


def format_timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC, as in the document: 2025-05-07T10:00:00Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
