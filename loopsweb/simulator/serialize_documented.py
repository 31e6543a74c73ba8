"""The JSON of the document's generation: exactly its fields, no more."""

from __future__ import annotations

from typing import Any

from .checkpoint_entities import Checkpoint
from .entities import Deployment, Run, Sampler
from .exchange import dumps
from .serialization import bent, moment

STOPPED_IS_LISTED = False


def sampler(thing: Sampler) -> dict[str, Any]:
    return bent({"id": thing.id, "base_url": thing.base_url}, thing)


def run(thing: Run) -> dict[str, Any]:
    """A run by itself: created, or fetched by id."""
    paired = None if thing.sampler is None else sampler(thing.sampler)
    return bent({"id": thing.id, "base_url": thing.base_url, "sampler": paired}, thing)


def run_item(thing: Run) -> bytes:
    """A run in a list, where its id is called run_id."""
    fields = {
        "run_id": thing.id,
        "session_id": thing.session_id,
        "base_model": thing.base_model,
    }
    return dumps(bent(fields, thing))


def sampler_item(thing: Sampler) -> bytes:
    return dumps(sampler(thing))


def checkpoint(thing: Checkpoint) -> dict[str, Any]:
    fields = {
        "id": thing.id,
        "run_id": thing.run.id,
        "target": thing.target,
        "checkpoint_id": thing.name,
        "created_at": moment(thing.created_at),
        "checkpoint_type": thing.checkpoint_type,
        "base_model": thing.base_model,
        "lora_adapter_config": thing.lora_adapter_config,
        "size_bytes": thing.size_bytes,
        "sync_status": thing.sync_status,
    }
    return bent(fields, thing)


def checkpoint_item(thing: Checkpoint) -> bytes:
    return dumps(checkpoint(thing))


def deployment(thing: Deployment) -> dict[str, Any]:
    fields = {
        "id": thing.id,
        "base_model": thing.base_model,
        "base_url": thing.base_url,
        "status": {"name": thing.status},
    }
    return bent(fields, thing)


def deployment_item(thing: Deployment) -> bytes:
    return dumps(deployment(thing))


def problem(status: int, message: str, reason: str | None) -> dict[str, Any]:
    """An error body. Its text stands under a different word depending on who answers."""
    del reason
    return {{401: "error", 403: "detail", 409: "error"}.get(status, "message"): message}
