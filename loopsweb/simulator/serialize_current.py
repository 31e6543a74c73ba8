"""The JSON that newer servers send: all that a strict client requires."""

from __future__ import annotations

from typing import Any

from . import serialize_documented
from .catalogue import InstanceType
from .checkpoint_entities import Checkpoint
from .entities import Deployment, Run, Sampler
from .exchange import dumps
from .people import User
from .serialization import bent, moment

STOPPED_IS_LISTED = True


def user(person: User) -> dict[str, Any]:
    return {"email": person.email}


def instance_type(machine: InstanceType) -> dict[str, Any]:
    return {
        "id": machine.id,
        "name": machine.name,
        "memory_limit_mib": machine.memory_limit_mib,
        "millicpu_limit": machine.millicpu_limit,
        "gpu_count": machine.gpu_count,
        "gpu_type": machine.gpu_type,
        "gpu_memory_limit_mib": machine.gpu_memory_limit_mib,
    }


def sampler(thing: Sampler) -> dict[str, Any]:
    machine = thing.instance_type
    fields = {
        "id": thing.id,
        "base_url": thing.base_url,
        "base_model": thing.base_model,
        "created_at": moment(thing.created_at),
        "model_id": thing.model_id,
        "deployment_id": thing.deployment_id,
        "status": {"name": thing.status},
        "user": user(thing.owner),
        "instance_type": None if machine is None else instance_type(machine),
        "node_count": thing.node_count,
    }
    return bent(fields, thing)


def run(thing: Run) -> dict[str, Any]:
    fields = {
        "id": thing.id,
        "session_id": thing.session_id,
        "deployment_id": None if thing.deployment is None else thing.deployment.id,
        "name": thing.name,
        "base_model": thing.base_model,
        "lora_config_version": "v1",
        "base_url": thing.base_url,
        "created_at": moment(thing.created_at),
        "status": {"name": thing.status},
        "user": user(thing.owner),
        "sampler": None if thing.sampler is None else sampler(thing.sampler),
    }
    return bent(fields, thing)


def run_item(thing: Run) -> bytes:
    return dumps(run(thing))


def sampler_item(thing: Sampler) -> bytes:
    return dumps(sampler(thing))


def checkpoint(thing: Checkpoint) -> dict[str, Any]:
    config = thing.lora_config
    fields = {
        **serialize_documented.checkpoint(thing),
        "lora_config": config if config is None else {"expert_layout": None, **config},
        "expires_at": None if thing.expires_at is None else moment(thing.expires_at),
    }
    return bent(fields, thing)


def checkpoint_item(thing: Checkpoint) -> bytes:
    return dumps(checkpoint(thing))


def deployment(thing: Deployment) -> dict[str, Any]:
    fields = {
        "id": thing.id,
        "active_run_id": thing.active_run_id,
        "latest_run_id": thing.latest_run_id,
        "base_model": thing.base_model,
        "base_url": thing.base_url,
        "status": {"name": thing.status},
        "user": user(thing.owner),
        "created_at": moment(thing.created_at),
        "availability_model": thing.availability_model,
        "instance_type": instance_type(thing.instance_type),
        "node_count": thing.node_count,
        "sampler": None if thing.sampler is None else sampler(thing.sampler),
    }
    return bent(fields, thing)


def deployment_item(thing: Deployment) -> bytes:
    return dumps(deployment(thing))


def problem(status: int, message: str, reason: str | None) -> dict[str, Any]:
    """An error body: `message`, and `details.reason` where there is a stable one."""
    del status
    return {"message": message} | ({"details": {"reason": reason}} if reason else {})
