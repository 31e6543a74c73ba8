"""The base models and what may be done with them."""

from __future__ import annotations

from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.catalogue import MODELS, BaseModel
from loopsweb.simulator.field_validation import read_choice, read_query_integer
from loopsweb.simulator.http_messages import Response, respond_json

REASONS = {
    "needs_approval": ("This organisation may not use it yet.", "Ask support for access."),
    "sequence_length_unsupported": (
        "It cannot train at this sequence length here.",
        "Choose a shorter sequence length.",
    ),
}


def get_capabilities(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/capabilities."""
    read_choice(request.query, "use_case", ("rl", "sft"))
    length = read_query_integer(request.query, "max_seq_len", default=1, least=1)
    wanted = request.query.get("model")
    models = [one for one in MODELS.values() if wanted in (None, one.name)]
    serialized = [serialize_model(one, length) for one in models]
    for fields in serialized:
        for name in request.world.omitted_capabilities:
            fields.pop(name, None)
    return respond_json({"supported_models": serialized})


def serialize_model(model: BaseModel, length: int) -> dict[str, Any]:
    """A model as it is for sequences of this length."""
    enabled = length <= model.longest
    return {
        "model_name": model.name,
        "max_seq_len": model.max_seq_len,
        "max_enabled_seq_len": model.longest,
        "max_context_length": model.max_seq_len,
        "supports_vision_language": model.vision,
        "enabled": enabled,
        "serverless": model.serverless,
        "enablement_details": None if enabled else explain_refusal(model),
    }


def explain_refusal(model: BaseModel) -> dict[str, str]:
    reason = "sequence_length_unsupported" if model.enabled else "needs_approval"
    detail, remediation = REASONS[reason]
    return {"reason": reason, "reason_detail": detail, "remediation": remediation}
