"""The JSON of the documented generation: exactly the documented fields."""

from __future__ import annotations

from typing import Any

from loopsweb.simulator.entities import Checkpoint, Deployment, Run, Sampler
from loopsweb.simulator.serialization import apply_overrides, format_timestamp

STOPPED_IS_LISTED = False


def serialize_sampler(entity: Sampler) -> dict[str, Any]:
    return apply_overrides({"id": entity.id, "base_url": entity.base_url}, entity)


def serialize_run(entity: Run) -> dict[str, Any]:
    """A single run, created or fetched by ID."""
    paired = None if entity.sampler is None else serialize_sampler(entity.sampler)
    fields = {"id": entity.id, "base_url": entity.base_url, "sampler": paired}
    return apply_overrides(fields, entity)


def serialize_run_item(entity: Run) -> dict[str, Any]:
    """A run in a list, where its ID is called run_id."""
    fields = {"run_id": entity.id, "session_id": entity.session_id, "base_model": entity.base_model}
    return apply_overrides(fields, entity)


def serialize_checkpoint(entity: Checkpoint) -> dict[str, Any]:
    fields = {
        "id": entity.id,
        "run_id": entity.run.id,
        "target": entity.target,
        "checkpoint_id": entity.name,
        "created_at": format_timestamp(entity.created_at),
        "checkpoint_type": entity.checkpoint_type,
        "base_model": entity.base_model,
        "lora_adapter_config": entity.lora_adapter_config,
        "size_bytes": entity.size_bytes,
        "sync_status": entity.sync_status,
    }
    return apply_overrides(fields, entity)


def serialize_deployment(entity: Deployment) -> dict[str, Any]:
    fields = {
        "id": entity.id,
        "base_model": entity.base_model,
        "base_url": entity.base_url,
        "status": {"name": entity.status},
    }
    return apply_overrides(fields, entity)


def serialize_error(status: int, message: str, reason: str | None) -> dict[str, Any]:
    """An error body. The name of its field depends on the status."""
    del reason
    return {{401: "error", 403: "detail", 409: "error"}.get(status, "message"): message}
