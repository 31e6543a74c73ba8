"""Creates a run for the canonical and the legacy routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.catalogue import MODELS, BaseModel
from loopsweb.simulator.entities import ENDED, Deployment, Run
from loopsweb.simulator.field_validation import (
    read_choice,
    read_integer,
    read_optional_text,
    read_text,
)
from loopsweb.simulator.http_messages import ApiError
from loopsweb.simulator.routes.checkpoints import find_run, resolve_uri

MAX_NAME_LENGTH = 255
MAX_SCALE_DOWN_DELAY = 3600
CAPACITY = ("dedicated", "spot")


def create_run(
    request: AuthorizedRequest, body: Mapping[str, Any], *, trainer_only: bool = False
) -> Run:
    """Create a run, on a new deployment unless it reuses that of an earlier run."""
    session = request.find_visible(request.world.sessions, read_text(body, "session_id"), "Session")
    model = find_supported_model(read_text(body, "base_model"))
    current = request.generation == "current"
    longest = model.max_seq_len
    max_seq_len = read_integer(body, "max_seq_len", default=longest, least=1, most=longest)
    rank = read_integer(body, "lora_rank", default=64, least=1)
    read_integer(body, "seed", default=0, least=-(2**63), most=2**63 - 1)
    usual, most = (900, MAX_SCALE_DOWN_DELAY) if current else (MAX_SCALE_DOWN_DELAY, None)
    delay = read_integer(body, "scale_down_delay_seconds", default=usual, least=1, most=most)
    path = read_optional_text(body, "path")
    if path is not None and resolve_uri(request, path).target != "trainer":
        message = "path must be a trainer checkpoint: bt://loops:<run_id>/weights/<name>."
        raise ApiError(400, message)
    name, capacity, replicas = read_undocumented_fields(body) if current else (None, "dedicated", 1)
    reused = reuse_deployment(request, body, model) if current else None
    run = request.world.add_run(
        session=session,
        owner=request.caller,
        base_model=model.name,
        name=name,
        deployment=reused,
        trainer_only=trainer_only,
        lora_rank=rank,
    )
    run.max_seq_len, run.scale_down_delay_seconds, run.path = max_seq_len, delay, path
    if reused is not None:
        request.lifecycle.hand_over(run, reused)
        return run
    nodes = replicas * model.node_count
    request.world.add_deployment(
        run=run, status="CREATED", availability_model=capacity, node_count=nodes
    )
    request.lifecycle.launch_run(run)
    return run


def read_undocumented_fields(body: Mapping[str, Any]) -> tuple[str | None, str, int]:
    """(name, availability_model, replicas), which are undocumented."""
    name = read_optional_text(body, "name", max_length=MAX_NAME_LENGTH)
    capacity = read_choice(body, "availability_model", CAPACITY) or "dedicated"
    read_integer(body, "sampler_num_replicas", default=1, least=1)
    return name, capacity, read_integer(body, "replicas", default=1, least=1)


def reuse_deployment(
    request: AuthorizedRequest, body: Mapping[str, Any], model: BaseModel
) -> Deployment | None:
    """The earlier run's deployment with its active run ended; None if it has ended itself."""
    earlier_id = read_optional_text(body, "reuse_from_run_id")
    if earlier_id is None:
        return None
    earlier = find_run(request, earlier_id)
    if earlier.base_model != model.name:
        raise ApiError(400, f"Run {earlier.id!r} trains {earlier.base_model}, not {model.name}.")
    deployment = earlier.deployment
    if deployment is None or deployment.stopping or deployment.status in ENDED:
        return None
    active = request.world.runs.get(deployment.active_run_id or "")
    if active is not None:
        active.status = "INACTIVE"
    return deployment


def find_supported_model(name: str) -> BaseModel:
    """The model. 400 if it is unknown or not enabled."""
    model = MODELS.get(name)
    if model is None:
        raise ApiError(400, f"base_model {name!r} is not supported.", "MODEL_NOT_SUPPORTED")
    if not model.enabled:
        raise ApiError(400, f"base_model {name!r} is not enabled here.", "MODEL_NOT_ENABLED")
    return model
