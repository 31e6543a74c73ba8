"""What current servers do with a checkpoint: validate, locate, keep, delete, deploy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.catalogue import INSTANCE_TYPES
from loopsweb.simulator.checkpoint_usage import find_use
from loopsweb.simulator.entities import Checkpoint
from loopsweb.simulator.field_validation import (
    is_text_list,
    read_integer,
    read_optional_text,
    read_text,
    refuse_unknown,
)
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.identities import AuditLogEntry
from loopsweb.simulator.routes.checkpoints import find_checkpoint, find_run, resolve_uri

MIN_TTL, MAX_TTL = 3_600, 315_360_000
DEPLOY_FIELDS = ("checkpoint_ids", "model_name", "instance_type_id", "hf_secret_name")


def validate_checkpoint(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/checkpoints/validate: {} for a sampler checkpoint that can be loaded."""
    body = request.parse_body()
    checkpoint = resolve_uri(request, read_text(body, "checkpoint_path"))
    if checkpoint.target != "sampler":
        raise ApiError(400, "checkpoint_path must name a sampler checkpoint.")
    if checkpoint.lora_config is None:
        raise ApiError(400, "The checkpoint has no LoRA config and cannot be loaded.")
    run_id = read_optional_text(body, "run_id")
    if run_id is None:
        return respond_json({})
    run = find_run(request, run_id)
    if run.base_model != checkpoint.base_model:
        raise ApiError(400, f"The checkpoint does not fit run {run_id!r}: another base model.")
    if run.lora_config_version != checkpoint.lora_config["config_version"]:
        raise ApiError(400, f"The checkpoint does not fit run {run_id!r}: another LoRA config.")
    return respond_json({})


def get_source(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/checkpoints/{checkpoint_id}/source."""
    checkpoint = find_checkpoint(request, request.params["checkpoint_id"])
    if checkpoint.volume_ref is None:
        return respond_json({"source": {"kind": "s3"}})
    path = checkpoint.uri.removeprefix("bt://loops:")
    source = {"kind": "volume", "volume_ref": checkpoint.volume_ref, "path": path}
    return respond_json({"source": source})


def set_ttl(request: AuthorizedRequest) -> Response:
    """PUT /v1/loops/checkpoints/{checkpoint_id}/ttl: seconds from now, or null for no expiry."""
    checkpoint = find_checkpoint(request, request.params["checkpoint_id"])
    body = request.parse_body()
    if "ttl_seconds" not in body:
        raise ApiError(400, "ttl_seconds is required.")
    seconds = read_integer(body, "ttl_seconds", default=0, least=MIN_TTL, most=MAX_TTL)
    after = timedelta(seconds=seconds) if seconds else None
    request.world.expire_checkpoint(checkpoint, after=after)
    return respond_json(request.serializer.serialize_checkpoint(checkpoint))


def delete_checkpoint(request: AuthorizedRequest) -> Response:
    """DELETE /v1/loops/checkpoints/{checkpoint_id}: may be repeated. 409 while it is in use."""
    checkpoint_id = request.params["checkpoint_id"]
    deleted = request.world.deleted_checkpoints.get(checkpoint_id)
    if deleted is not None and request.can_see(deleted.run):
        return respond_json(serialize_tombstone(deleted))
    checkpoint = find_checkpoint(request, checkpoint_id)
    use = find_use(request.world, checkpoint)
    if use is not None:
        raise ApiError(409, f"Checkpoint {checkpoint.id!r} {use}.", "CHECKPOINT_IN_USE")
    request.world.delete_checkpoint(checkpoint)
    return respond_json(serialize_tombstone(checkpoint))


def serialize_tombstone(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "id": checkpoint.id,
        "run_id": checkpoint.run.id,
        "checkpoint_id": checkpoint.name,
        "target": checkpoint.target,
        "path": checkpoint.uri,
    }


def deploy_checkpoints(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/checkpoints/deploy: each call creates another model that serves them."""
    body = request.parse_body()
    refuse_unknown(body, DEPLOY_FIELDS)
    ids = body.get("checkpoint_ids")
    if not is_text_list(ids):
        raise ApiError(400, "checkpoint_ids must be a list of at least one checkpoint ID.")
    model_name = read_text(body, "model_name")
    read_text(body, "hf_secret_name")
    if read_text(body, "instance_type_id") not in INSTANCE_TYPES:
        raise ApiError(400, "instance_type_id must be the ID of an instance type.")
    for checkpoint in [find_checkpoint(request, one) for one in ids]:
        if checkpoint.target != "sampler" or checkpoint.lora_config is None:
            raise ApiError(400, f"Checkpoint {checkpoint.id!r} cannot be served.")
    world = request.world
    model_id, deployment_id = world.generate_id("", 8), world.generate_id("", 7)
    world.served_checkpoints[model_id] = ids
    details = {
        "model_id": model_id,
        "model_name": model_name,
        "deployment_id": deployment_id,
        "deployment_name": "deployment-1",
        "scale_previous_to_zero": False,
        "trusted": True,
        "publish": True,
        "environment_name": None,
    }
    world.audit_log.append(AuditLogEntry("MODEL_DEPLOYED", request.caller, request.now, details))
    return respond_json({"model_id": model_id, "deployment_id": deployment_id})
