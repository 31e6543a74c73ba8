"""What it takes to create a run, on the canonical and the legacy routes alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loopsweb.simulator.authorized_request import Call
from loopsweb.simulator.catalogue import MODELS, BaseModel
from loopsweb.simulator.entities import ENDED, Deployment, Run
from loopsweb.simulator.exchange import Refusal
from loopsweb.simulator.fields import choice, integer, optional_text, text

from .checkpoints import resolve

LONGEST_NAME = 255
LONGEST_DELAY = 3600
CAPACITY = ("dedicated", "spot")


def create_run(call: Call, body: Mapping[str, Any], *, trainer_only: bool = False) -> Run:
    """A run in the session, on a deployment of its own unless it reuses that of a prior run."""
    session = call.find(call.world.sessions, text(body, "session_id"), "Session")
    model = supported_model(text(body, "base_model"))
    current = call.generation == "current"
    longest = integer(
        body, "max_seq_len", default=model.max_seq_len, least=1, most=model.max_seq_len
    )
    rank = integer(body, "lora_rank", default=64, least=1, most=None)
    integer(body, "seed", default=0, least=-(2**63), most=2**63 - 1)
    delay = integer(
        body,
        "scale_down_delay_seconds",
        default=900 if current else LONGEST_DELAY,
        least=1,
        most=LONGEST_DELAY if current else None,
    )
    path = optional_text(body, "path")
    if path is not None and resolve(call, path).target != "trainer":
        raise Refusal(400, "path must be a trainer checkpoint: bt://loops:<run_id>/weights/<name>.")
    name, capacity, replicas = newer_fields(body) if current else (None, "dedicated", 1)
    reused = reusable(call, body, model) if current else None
    run = call.world.add_run(
        session=session,
        owner=call.caller,
        base_model=model.name,
        name=name,
        deployment=reused,
        trainer_only=trainer_only,
        lora_rank=rank,
    )
    run.max_seq_len, run.scale_down_delay_seconds, run.path = longest, delay, path
    if reused is not None:
        call.life.succeed(run, reused)
        return run
    deployment = call.world.add_deployment(run=run, status="CREATED", availability_model=capacity)
    deployment.node_count *= replicas
    call.life.launch(run)
    return run


def newer_fields(body: Mapping[str, Any]) -> tuple[str | None, str, int]:
    """(name, availability_model, replicas), which the document does not have."""
    name = optional_text(body, "name", longest=LONGEST_NAME)
    capacity = choice(body, "availability_model", CAPACITY) or "dedicated"
    integer(body, "sampler_num_replicas", default=1, least=1)
    return name, capacity, integer(body, "replicas", default=1, least=1)


def reusable(call: Call, body: Mapping[str, Any], model: BaseModel) -> Deployment | None:
    """The prior run's deployment, its active run ended; None if nothing of it is left to reuse."""
    prior_id = optional_text(body, "reuse_from_run_id")
    if prior_id is None:
        return None
    prior = call.find(call.world.runs, prior_id, "Run")
    if prior.base_model != model.name:
        raise Refusal(400, f"Run {prior.id!r} trains {prior.base_model}, not {model.name}.")
    deployment = prior.deployment
    if deployment is None or deployment.stopping or deployment.status in ENDED:
        return None
    active = call.world.runs.get(deployment.active_run_id or "")
    if active is not None:
        active.status = "INACTIVE"
    return deployment


def supported_model(name: str) -> BaseModel:
    """The model, if this organisation may use it."""
    model = MODELS.get(name)
    if model is None:
        raise Refusal(400, f"base_model {name!r} is not supported.", "MODEL_NOT_SUPPORTED")
    if not model.enabled:
        raise Refusal(400, f"base_model {name!r} is not enabled here.", "MODEL_NOT_ENABLED")
    return model
