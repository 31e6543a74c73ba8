"""Creates a sampler for the canonical and the legacy routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.entities import Checkpoint, Run, Sampler
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

DOCUMENTED_FIELDS = frozenset(["session_id", "base_model", "max_seq_length", "model_path"])
FIELDS = DOCUMENTED_FIELDS | frozenset(
    ["run_id", "availability_model", "num_replicas", "reuse_from_session_id", "scope"]
)
DEDICATED_FIELDS = ("availability_model", "num_replicas")


def create_sampler(request: AuthorizedRequest, body: Mapping[str, Any]) -> Sampler:
    """Create a standalone sampler, or on current servers one paired with the run `run_id`."""
    current = request.generation == "current"
    refuse_unknown(body, FIELDS if current else DOCUMENTED_FIELDS)
    session = find_session(request, read_text(body, "session_id"))
    run_id = read_optional_text(body, "run_id")
    run = None if run_id is None else find_run(request, run_id)
    path = read_optional_text(body, "model_path")
    source = None if path is None else resolve_loadable(request, path, "sampler", "model_path")
    model = find_supported_model(choose_base_model(body, run, source if current else None))
    read_length(body, "max_seq_length", model, default=model.longest)
    capacity = read_choice(body, "availability_model", CAPACITY)
    replicas = read_integer(body, "num_replicas", default=1, least=1)
    serverless = is_serverless(body, model, DEDICATED_FIELDS)
    if run is not None:
        serverless = check_pair(run, serverless=serverless, capacity=capacity)
        if run.sampler is not None:
            return run.sampler
    sampler = request.world.add_sampler(
        session=session,
        owner=request.caller,
        base_model=model.name,
        model_path=path,
        node_count=replicas,
        serverless=serverless,
    )
    if run is not None:
        pair_sampler(run, sampler)
    elif source is not None:
        sampler.base_checkpoint = source.run.base_checkpoint
    request.lifecycle.boot_sampler(sampler)
    return sampler


def choose_base_model(body: Mapping[str, Any], run: Run | None, source: Checkpoint | None) -> str:
    """The model given, else that of the run or the checkpoint. 422 if it is not the run's."""
    given = read_optional_text(body, "base_model")
    if run is not None:
        if given not in (None, run.base_model):
            raise ApiError(422, f"Run {run.id!r} trains {run.base_model}, not {given}.")
        return run.base_model
    chosen = given if given or source is None else source.base_model
    if chosen is None:
        raise ApiError(400, "base_model is required.")
    return chosen


def check_pair(run: Run, *, serverless: bool, capacity: str | None) -> bool:
    """True if the run is serverless, as its sampler must be. 422 for what is not the run's."""
    if run.deployment is None:
        if capacity is not None:
            raise ApiError(422, f"Run {run.id!r} is serverless: it has no availability_model.")
        return True
    if serverless:
        raise ApiError(422, f"Run {run.id!r} is dedicated, and so is its sampler.")
    if capacity not in (None, run.deployment.availability_model):
        has = run.deployment.availability_model
        raise ApiError(422, f"availability_model must be that of run {run.id!r}: {has}.")
    return False


def pair_sampler(run: Run, sampler: Sampler) -> None:
    """Pair a trainer-only run with its sampler."""
    sampler.run_id, sampler.base_checkpoint = run.id, run.base_checkpoint
    run.sampler = sampler
    if run.deployment is not None:
        run.deployment.sampler = sampler
