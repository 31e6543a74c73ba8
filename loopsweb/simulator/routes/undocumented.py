"""Undocumented routes for models and checkpoints, which only current servers have."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.catalogue import MODELS, BaseModel
from loopsweb.simulator.entities import Checkpoint
from loopsweb.simulator.field_validation import (
    is_text_list,
    read_choice,
    read_integer,
    read_optional_text,
    read_query_integer,
    read_text,
)
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.routes.checkpoints import find_checkpoint, find_run, resolve_uri

MIN_TTL, MAX_TTL = 3_600, 315_360_000
ENDED_STATUSES = ("INACTIVE", "DEACTIVATING", "FAILED")


def get_capabilities(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/capabilities."""
    read_choice(request.query, "use_case", ("rl", "sft"))
    length = read_query_integer(request.query, "max_seq_len", default=1, least=1)
    wanted = request.query.get("model")
    models = [one for one in MODELS.values() if wanted in (None, one.name)]
    return respond_json({"supported_models": [serialize_model(one, length) for one in models]})


def serialize_model(model: BaseModel, length: int) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "model_name": model.name,
        "max_seq_len": model.max_seq_len,
        "max_enabled_seq_len": model.max_seq_len if model.enabled else 0,
        "max_context_length": model.max_seq_len,
        "supports_vision_language": model.vision,
        "enabled": model.enabled and length <= model.max_seq_len,
        "serverless": None,
        "enablement_details": None,
    }
    if not fields["enabled"]:
        reason = "sequence_length_unsupported" if model.enabled else "needs_approval"
        fields["enablement_details"] = {
            "reason": reason,
            "reason_detail": f"{model.name} cannot be used with this request: {reason}.",
            "remediation": "Ask support, or choose a shorter sequence length.",
        }
    return fields


def validate_checkpoint(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/checkpoints/validate: {} when the URI names a sampler checkpoint."""
    body = request.parse_body()
    checkpoint = resolve_uri(request, read_text(body, "checkpoint_path"))
    if checkpoint.target != "sampler":
        raise ApiError(400, "checkpoint_path must name a sampler checkpoint.")
    run_id = read_optional_text(body, "run_id")
    if run_id is not None and find_run(request, run_id).base_model != checkpoint.base_model:
        raise ApiError(400, f"The checkpoint does not fit run {run_id!r}: another base model.")
    return respond_json({})


def get_source(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/checkpoints/{checkpoint_id}/source."""
    find_checkpoint(request, request.params["checkpoint_id"])
    return respond_json({"source": {"kind": "s3"}})


def set_checkpoint_ttl(request: AuthorizedRequest) -> Response:
    """PUT /v1/loops/checkpoints/{checkpoint_id}/ttl: seconds from now, or null for no expiry."""
    checkpoint = find_checkpoint(request, request.params["checkpoint_id"])
    body = request.parse_body()
    if "ttl_seconds" not in body:
        raise ApiError(400, "ttl_seconds is required.")
    seconds = read_integer(body, "ttl_seconds", default=0, least=MIN_TTL, most=MAX_TTL)
    after = timedelta(seconds=seconds) if seconds else None
    request.world.expire_checkpoint(checkpoint, after=after)
    return respond_json({"checkpoint": request.serializer.serialize_checkpoint(checkpoint)})


def delete_checkpoint(request: AuthorizedRequest) -> Response:
    """DELETE /v1/loops/checkpoints/{checkpoint_id}. 409 while it is in use."""
    checkpoint = find_checkpoint(request, request.params["checkpoint_id"])
    if is_in_use(request, checkpoint):
        raise ApiError(409, f"Checkpoint {checkpoint.id!r} is in use.", "CHECKPOINT_IN_USE")
    request.world.remove_checkpoint(checkpoint)
    return respond_json({"id": checkpoint.id})


def is_in_use(request: AuthorizedRequest, checkpoint: Checkpoint) -> bool:
    """True if it is syncing, or an active run or sampler was started from it."""
    if checkpoint.sync_status == "SYNCING":
        return True
    segment = "weights" if checkpoint.target == "trainer" else "sampler_weights"
    suffix = f":{checkpoint.run.id}/{segment}/{checkpoint.name}"
    runs = (run.path or "" for run in request.world.runs.values() if run.status == "ACTIVE")
    samplers = [one for one in request.world.samplers.values() if one.status not in ENDED_STATUSES]
    paths = (*runs, *(one.model_path or "" for one in samplers))
    return any(path.endswith(suffix) for path in paths)


def deploy_checkpoints(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/checkpoints/deploy: creates an inference deployment, not a Loops one."""
    body = request.parse_body()
    ids = body.get("checkpoint_ids")
    if not is_text_list(ids):
        raise ApiError(400, "checkpoint_ids must be a list of at least one checkpoint ID.")
    for name in ("model_name", "instance_type_id", "hf_secret_name"):
        read_text(body, name)
    if any(find_checkpoint(request, one).target != "sampler" for one in ids):
        raise ApiError(400, "checkpoint_ids must name sampler checkpoints.")
    generate_id = request.world.generate_id
    return respond_json({"model_id": generate_id("", 8), "deployment_id": generate_id("", 7)})
