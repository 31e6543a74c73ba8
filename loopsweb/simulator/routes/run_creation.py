"""Creates a run for the canonical and the legacy routes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.catalogue import BaseModel
from loopsweb.simulator.entities import ENDED, Deployment, Run, Session
from loopsweb.simulator.field_validation import (
    read_choice,
    read_integer,
    read_optional_text,
    read_text,
    refuse_unknown,
)
from loopsweb.simulator.http_messages import ApiError
from loopsweb.simulator.routes.checkpoints import find_run, resolve_loadable
from loopsweb.simulator.routes.model_choice import (
    CAPACITY,
    find_supported_model,
    is_serverless,
    read_length,
)
from loopsweb.simulator.routes.sessions import find_session

MAX_NAME_LENGTH = 255
MAX_SCALE_DOWN_DELAY = 3600
DOCUMENTED_MAX_SEQ_LEN = 131_072
DOCUMENTED_FIELDS = frozenset(
    [
        "session_id",
        "base_model",
        "max_seq_len",
        "lora_rank",
        "seed",
        "scale_down_delay_seconds",
        "path",
    ]
)
TRAINER_FIELDS = DOCUMENTED_FIELDS | frozenset(
    [
        "name",
        "availability_model",
        "replicas",
        "reuse_from_run_id",
        "reuse_from_session_id",
        "scope",
    ]
)
DEDICATED_FIELDS = ("availability_model", "replicas", "sampler_num_replicas")
_BASE_CHECKPOINT = re.compile(r"hf://[^/@\s]+/[^/@\s]+(@[^/@\s]+)?")


def create_run(
    request: AuthorizedRequest, body: Mapping[str, Any], *, trainer_only: bool = False
) -> Run:
    """Create a run, on a new deployment unless it reuses that of an earlier run.

    Omitted fields get the generation's own defaults.
    """
    current = request.generation == "current"
    newer = TRAINER_FIELDS | {"base_checkpoint" if trainer_only else "sampler_num_replicas"}
    refuse_unknown(body, newer if current else DOCUMENTED_FIELDS)
    session = find_session(request, read_text(body, "session_id"))
    model = find_supported_model(read_text(body, "base_model"))
    usual = model.longest if current else min(DOCUMENTED_MAX_SEQ_LEN, model.longest)
    max_seq_len = read_length(body, "max_seq_len", model, default=usual)
    rank = read_integer(body, "lora_rank", default=64, least=1)
    read_integer(body, "seed", default=0, least=-(2**63), most=2**63 - 1)
    usual, most = (900, MAX_SCALE_DOWN_DELAY) if current else (MAX_SCALE_DOWN_DELAY, None)
    delay = read_integer(body, "scale_down_delay_seconds", default=usual, least=1, most=most)
    path = read_optional_text(body, "path")
    if path is not None:
        resolve_loadable(request, path, "trainer", "path")
    name = read_optional_text(body, "name", max_length=MAX_NAME_LENGTH)
    capacity = read_choice(body, "availability_model", CAPACITY) or "dedicated"
    replicas = read_integer(body, "replicas", default=1, least=1)
    sampler_replicas = read_integer(body, "sampler_num_replicas", default=1, least=1)
    base_checkpoint = read_base_checkpoint(body)
    serverless = is_serverless(body, model, DEDICATED_FIELDS)
    reused = None if serverless else reuse_deployment(request, body, model)
    run = request.world.add_run(
        session=session,
        owner=request.caller,
        base_model=model.name,
        name=name,
        deployment=reused,
        trainer_only=trainer_only,
        serverless=serverless,
        lora_rank=rank,
    )
    run.max_seq_len, run.scale_down_delay_seconds, run.path = max_seq_len, delay, path
    run.base_checkpoint = base_checkpoint
    if reused is not None:
        request.lifecycle.hand_over(run, reused)
        return run
    if run.sampler is not None:
        run.sampler.node_count = sampler_replicas
    if not serverless:
        nodes = replicas * model.node_count
        request.world.add_deployment(
            run=run, status="CREATED", availability_model=capacity, node_count=nodes
        )
    request.lifecycle.launch_run(run)
    return run


def read_base_checkpoint(body: Mapping[str, Any]) -> str | None:
    """The Hugging Face weights to start from, hf://org/repo or hf://org/repo@revision."""
    given = read_optional_text(body, "base_checkpoint")
    if given is not None and not _BASE_CHECKPOINT.fullmatch(given):
        raise ApiError(400, "base_checkpoint must be hf://<org>/<repo> or hf://<org>/<repo>@<rev>.")
    return given


def reuse_deployment(
    request: AuthorizedRequest, body: Mapping[str, Any], model: BaseModel
) -> Deployment | None:
    """The earlier run's deployment with its active run ended; None if it has ended itself."""
    earlier = find_earlier_run(request, body)
    if earlier is None:
        return None
    if earlier.base_model != model.name:
        raise ApiError(400, f"Run {earlier.id!r} trains {earlier.base_model}, not {model.name}.")
    deployment = earlier.deployment
    if deployment is None or deployment.stopping or deployment.status in ENDED:
        return None
    active = request.world.runs.get(deployment.active_run_id or "")
    if active is not None:
        active.status = "INACTIVE"
    return deployment


def find_earlier_run(request: AuthorizedRequest, body: Mapping[str, Any]) -> Run | None:
    """The run to reuse: the one given, or the newest one of the session given."""
    run_id = read_optional_text(body, "reuse_from_run_id")
    session_id = read_optional_text(body, "reuse_from_session_id")
    if run_id is not None:
        return find_run(request, run_id)
    if session_id is None:
        return None
    session: Session = find_session(request, session_id)
    runs = [run for run in request.world.runs.values() if run.session_id == session.id]
    return max(runs, key=lambda run: run.created_at, default=None)
