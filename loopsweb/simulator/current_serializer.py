"""The JSON of current servers, with every field that a strict client requires."""

from __future__ import annotations

from typing import Any

from loopsweb.simulator import documented_serializer
from loopsweb.simulator.catalogue import InstanceType
from loopsweb.simulator.entities import Checkpoint, Deployment, Run, Sampler
from loopsweb.simulator.serialization import apply_overrides, format_timestamp

STOPPED_IS_LISTED = True


def serialize_instance_type(machine: InstanceType) -> dict[str, Any]:
    return {name: value for name, value in vars(machine).items() if name != "price"}


def serialize_sampler(entity: Sampler) -> dict[str, Any]:
    machine = entity.instance_type
    fields = {
        "id": entity.id,
        "base_url": entity.base_url,
        "base_model": entity.base_model,
        "created_at": format_timestamp(entity.created_at),
        "model_id": entity.model_id,
        "deployment_id": entity.deployment_id,
        "status": {"name": entity.status},
        "user": {"email": entity.owner.email},
        "instance_type": None if machine is None else serialize_instance_type(machine),
        "node_count": entity.node_count,
        **serialize_base_checkpoint(entity),
    }
    return apply_overrides(fields, entity)


def serialize_base_checkpoint(entity: Run | Sampler) -> dict[str, str]:
    given = entity.base_checkpoint
    return {} if given is None else {"base_checkpoint": given}


def serialize_run(entity: Run) -> dict[str, Any]:
    fields = {
        "id": entity.id,
        "session_id": entity.session_id,
        "deployment_id": None if entity.deployment is None else entity.deployment.id,
        "name": entity.name,
        "base_model": entity.base_model,
        "lora_config_version": entity.lora_config_version,
        "base_url": entity.base_url,
        "created_at": format_timestamp(entity.created_at),
        "status": {"name": entity.status},
        "user": {"email": entity.owner.email},
        "sampler": None if entity.sampler is None else serialize_sampler(entity.sampler),
        **serialize_base_checkpoint(entity),
    }
    return apply_overrides(fields, entity)


serialize_run_item = serialize_run


def serialize_checkpoint(entity: Checkpoint) -> dict[str, Any]:
    config = entity.lora_config
    fields = {
        **documented_serializer.serialize_checkpoint(entity),
        "lora_config": config if config is None else {"expert_layout": None, **config},
        "expires_at": None if entity.expires_at is None else format_timestamp(entity.expires_at),
    }
    return apply_overrides(fields, entity)


def serialize_deployment(entity: Deployment) -> dict[str, Any]:
    fields = {
        "id": entity.id,
        "active_run_id": entity.active_run_id,
        "latest_run_id": entity.latest_run_id,
        "base_model": entity.base_model,
        "base_url": entity.base_url,
        "status": {"name": entity.status},
        "user": {"email": entity.owner.email},
        "created_at": format_timestamp(entity.created_at),
        "availability_model": entity.availability_model,
        "instance_type": serialize_instance_type(entity.instance_type),
        "node_count": entity.node_count,
        "sampler": None if entity.sampler is None else serialize_sampler(entity.sampler),
    }
    return apply_overrides(fields, entity)


def serialize_error(status: int, message: str, reason: str | None) -> dict[str, Any]:
    """An error body: `message`, and `details.reason` where there is a stable one."""
    del status
    return {"message": message} | ({"details": {"reason": reason}} if reason else {})
