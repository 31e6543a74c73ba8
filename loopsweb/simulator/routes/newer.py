"""What newer servers can do with models and checkpoints."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from loopsweb.simulator.authorized_request import Call
from loopsweb.simulator.catalogue import MODELS, BaseModel
from loopsweb.simulator.checkpoint_entities import Checkpoint
from loopsweb.simulator.exchange import Answer, Refusal, answer
from loopsweb.simulator.fields import choice, integer, number_in_query, optional_text, text

from .checkpoints import find, resolve, run_of

SHORTEST_TTL, LONGEST_TTL = 3_600, 315_360_000
GONE = ("INACTIVE", "DEACTIVATING", "FAILED")


def capabilities(call: Call) -> Answer:
    """GET /v1/loops/capabilities."""
    choice(call.query, "use_case", ("rl", "sft"))
    length = number_in_query(call.query, "max_seq_len", default=1, least=1)
    wanted = call.query.get("model")
    models = [one for one in MODELS.values() if wanted in (None, one.name)]
    return answer({"supported_models": [model_json(one, length) for one in models]})


def model_json(model: BaseModel, length: int) -> dict[str, Any]:
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
            "reason_detail": f"{model.name} cannot be used here as asked: {reason}.",
            "remediation": "Ask support, or choose a shorter sequence length.",
        }
    return fields


def validate(call: Call) -> Answer:
    """POST /v1/loops/checkpoints/validate: {} when the URI names a sampler checkpoint."""
    body = call.body()
    checkpoint = resolve(call, text(body, "checkpoint_path"))
    if checkpoint.target != "sampler":
        raise Refusal(400, "checkpoint_path must name a sampler checkpoint.")
    run_id = optional_text(body, "run_id")
    if run_id is not None and run_of(call, run_id).base_model != checkpoint.base_model:
        raise Refusal(400, f"The checkpoint does not fit run {run_id!r}: another base model.")
    return answer({})


def source(call: Call) -> Answer:
    """GET /v1/loops/checkpoints/{checkpoint_id}/source."""
    find(call, call.params["checkpoint_id"])
    return answer({"source": {"kind": "s3"}})


def set_ttl(call: Call) -> Answer:
    """PUT /v1/loops/checkpoints/{checkpoint_id}/ttl: seconds from now, or null to keep."""
    checkpoint = find(call, call.params["checkpoint_id"])
    body = call.body()
    if "ttl_seconds" not in body:
        raise Refusal(400, "ttl_seconds is required.")
    seconds = integer(body, "ttl_seconds", default=0, least=SHORTEST_TTL, most=LONGEST_TTL)
    call.world.expire(checkpoint, after=timedelta(seconds=seconds) if seconds else None)
    return answer({"checkpoint": call.shapes.checkpoint(checkpoint)})


def delete(call: Call) -> Answer:
    """DELETE /v1/loops/checkpoints/{checkpoint_id}: for good; 409 while it is in use."""
    checkpoint = find(call, call.params["checkpoint_id"])
    if in_use(call, checkpoint):
        raise Refusal(409, f"Checkpoint {checkpoint.id!r} is in use.", "CHECKPOINT_IN_USE")
    call.world.remove_checkpoint(checkpoint)
    return answer({"id": checkpoint.id})


def in_use(call: Call, checkpoint: Checkpoint) -> bool:
    """Whether it is being written, or a live run or sampler was started from it."""
    if checkpoint.sync_status == "SYNCING":
        return True
    place = "weights" if checkpoint.target == "trainer" else "sampler_weights"
    ends = f":{checkpoint.run.id}/{place}/{checkpoint.name}"
    runs = (run.path or "" for run in call.world.runs.values() if run.status == "ACTIVE")
    samplers = (
        one.model_path or "" for one in call.world.samplers.values() if one.status not in GONE
    )
    return any(path.endswith(ends) for path in (*runs, *samplers))


def deploy(call: Call) -> Answer:
    """POST /v1/loops/checkpoints/deploy: an inference deployment, which is not a Loops one."""
    body = call.body()
    ids = body.get("checkpoint_ids")
    if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
        raise Refusal(400, "checkpoint_ids must be a list of at least one checkpoint ID.")
    for name in ("model_name", "instance_type_id", "hf_secret_name"):
        text(body, name)
    if any(find(call, one).target != "sampler" for one in ids):
        raise Refusal(400, "checkpoint_ids must name sampler checkpoints.")
    return answer({"model_id": call.world.new_id("", 8), "deployment_id": call.world.new_id("", 7)})
