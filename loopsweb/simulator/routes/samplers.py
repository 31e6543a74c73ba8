"""Samplers: paired with a run, or standalone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.entities import Run, Sampler
from loopsweb.simulator.field_validation import (
    read_choice,
    read_integer,
    read_optional_text,
    read_text,
)
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.routes.checkpoints import find_run, resolve_uri
from loopsweb.simulator.routes.run_creation import CAPACITY, find_supported_model
from loopsweb.simulator.serialization import format_timestamp, respond_list, serialize_deactivated


def list_samplers(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/samplers."""
    samplers = request.filter_listed(request.world.samplers.values())
    return respond_list("samplers", samplers, request.serializer.serialize_sampler)


def get_sampler(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/samplers/{sampler_id}."""
    sampler = request.find_visible(request.world.samplers, request.params["sampler_id"], "Sampler")
    return respond_json({"sampler": request.serializer.serialize_sampler(sampler)})


def get_model_deployment(request: AuthorizedRequest) -> Response:
    """GET /v1/models/{model_id}/deployments/{deployment_id}: a sampler's deployment."""
    wanted = (request.params["model_id"], request.params["deployment_id"])
    for one in request.world.samplers.values():
        if (one.model_id, one.deployment_id) == wanted and request.can_see(one):
            fields = {"id": one.deployment_id, "model_id": one.model_id, "status": one.status}
            fields |= {"name": one.base_model, "created_at": format_timestamp(one.created_at)}
            return respond_json(fields)
    raise ApiError(404, f"Deployment {wanted[1]!r} was not found.")


def create_standalone_sampler(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/samplers."""
    sampler = create_sampler(request, request.parse_body())
    return respond_json({"sampler": request.serializer.serialize_sampler(sampler)})


def deactivate_sampler(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/samplers/{sampler_id}/deactivate. May be repeated; 409 for a paired one."""
    sampler = request.find_visible(request.world.samplers, request.params["sampler_id"], "Sampler")
    if sampler.run_id is not None:
        pair = f"Sampler {sampler.id!r} is paired with run {sampler.run_id!r}."
        raise ApiError(409, f"{pair} Deactivate the run.", "PAIRED_SAMPLER")
    if sampler.status not in ("DEACTIVATING", "INACTIVE"):
        request.lifecycle.stop_sampler(sampler)
    return respond_json(serialize_deactivated(sampler))


def create_sampler(request: AuthorizedRequest, body: Mapping[str, Any]) -> Sampler:
    """Create a standalone sampler, or on current servers one paired with the run `run_id`."""
    session = request.find_visible(request.world.sessions, read_text(body, "session_id"), "Session")
    current = request.generation == "current"
    run_id = read_optional_text(body, "run_id") if current else None
    run = None if run_id is None else find_run(request, run_id)
    path = read_optional_text(body, "model_path")
    source = None if path is None else resolve_uri(request, path)
    if source is not None and source.target != "sampler":
        form = "bt://loops:<run_id>/sampler_weights/<name>"
        raise ApiError(400, f"model_path must be a sampler checkpoint: {form}.")
    base_model = read_optional_text(body, "base_model")
    if base_model is None and current:
        base_model = run.base_model if run else source.base_model if source else None
    if base_model is None:
        raise ApiError(400, "base_model is required.")
    model = find_supported_model(base_model)
    read_integer(body, "max_seq_length", default=model.max_seq_len, least=1, most=model.max_seq_len)
    if current:
        read_choice(body, "availability_model", CAPACITY)
        read_integer(body, "num_replicas", default=1, least=1)
    if run is not None and run.sampler is not None:
        return run.sampler
    sampler = request.world.add_sampler(
        session=session, owner=request.caller, base_model=model.name, model_path=path
    )
    if run is not None:
        pair_sampler(run, sampler)
    request.lifecycle.boot_sampler(sampler)
    return sampler


def pair_sampler(run: Run, sampler: Sampler) -> None:
    """Pair a trainer-only run with its sampler."""
    sampler.run_id = run.id
    run.sampler = sampler
    if run.deployment is not None:
        run.deployment.sampler = sampler
