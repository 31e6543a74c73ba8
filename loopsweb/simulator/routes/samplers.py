"""Samplers: paired with a run, or standalone."""

from __future__ import annotations

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.entities import Sampler
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.routes.sampler_creation import create_sampler
from loopsweb.simulator.routes.teams import filter_team
from loopsweb.simulator.serialization import format_timestamp, respond_list, serialize_deactivated


def list_samplers(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/samplers."""
    samplers = request.filter_listed(request.world.samplers.values())
    found = filter_team(request, samplers)
    return respond_list("samplers", found, request.serializer.serialize_sampler)


def get_sampler(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/samplers/{sampler_id}."""
    sampler = request.find_visible(request.world.samplers, request.params["sampler_id"], "Sampler")
    return respond_json({"sampler": request.serializer.serialize_sampler(sampler)})


def find_model_deployment(request: AuthorizedRequest) -> Sampler:
    """The sampler whose model and deployment the path names."""
    wanted = (request.params["model_id"], request.params["deployment_id"])
    for one in request.world.samplers.values():
        if (one.model_id, one.deployment_id) == wanted and request.can_see(one):
            return one
    raise ApiError(404, f"Deployment {wanted[1]!r} was not found.")


def get_model_deployment(request: AuthorizedRequest) -> Response:
    """GET /v1/models/{model_id}/deployments/{deployment_id}: a sampler's deployment."""
    one = find_model_deployment(request)
    fields = {"id": one.deployment_id, "model_id": one.model_id, "status": one.status}
    fields |= {"name": one.base_model, "created_at": format_timestamp(one.created_at)}
    return respond_json(fields)


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
