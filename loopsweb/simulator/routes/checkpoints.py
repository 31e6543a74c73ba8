"""Checkpoints, listed by exactly one filter."""

from __future__ import annotations

from loopsweb.simulator import checkpoint_uris
from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.checkpoint_uris import SEGMENTS
from loopsweb.simulator.entities import Checkpoint, Run
from loopsweb.simulator.http_messages import ApiError, Response
from loopsweb.simulator.serialization import respond_list

FILTERS = ("run_id", "base_model", "checkpoint_path")


def list_checkpoints(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/checkpoints."""
    given = [name for name in FILTERS if name in request.query]
    if len(given) != 1:
        raise ApiError(400, "Provide exactly one of run_id, base_model, or checkpoint_path.")
    value = request.query[given[0]]
    if given[0] == "run_id":
        found = find_run(request, value).checkpoints
    elif given[0] == "checkpoint_path":
        found = [resolve_uri(request, value)]
    else:
        found = find_by_base_model(request, value)
    return respond_list("checkpoints", found, request.serializer.serialize_checkpoint)


def find_run(request: AuthorizedRequest, run_id: str) -> Run:
    return request.find_visible(request.world.runs, run_id, "Run")


def find_by_base_model(request: AuthorizedRequest, base_model: str) -> list[Checkpoint]:
    """The checkpoints of the caller's own runs of this base model, whatever the key's scopes."""
    runs = request.filter_owned(request.world.runs.values())
    return [one for run in runs if run.base_model == base_model for one in run.checkpoints]


def resolve_uri(request: AuthorizedRequest, uri: str) -> Checkpoint:
    """The checkpoint of a bt:// URI. 400 if it is malformed, 404 if there is none."""
    parts = checkpoint_uris.parse_uri(uri)
    if parts is None:
        form = "bt://loops:<run_id>/(weights|sampler_weights)/<checkpoint_name>"
        raise ApiError(400, f"{uri!r} is not a checkpoint URI. Form: {form}.")
    run_id, target, name = parts
    for checkpoint in find_run(request, run_id).checkpoints:
        if (checkpoint.target, checkpoint.name) == (target, name):
            return checkpoint
    raise ApiError(404, f"Checkpoint {uri!r} was not found.")


def resolve_loadable(request: AuthorizedRequest, uri: str, target: str, field: str) -> Checkpoint:
    """The checkpoint of a URI to load weights from. 400 for another target's, 422 for one that
    cannot be loaded."""
    checkpoint = resolve_uri(request, uri)
    if checkpoint.target != target:
        form = f"bt://loops:<run_id>/{SEGMENTS[target]}/<name>"
        raise ApiError(400, f"{field} must be a {target} checkpoint: {form}.")
    if request.generation == "current" and checkpoint.lora_config is None:
        raise ApiError(422, f"Checkpoint {uri!r} cannot be loaded: it has no LoRA config.")
    return checkpoint


def find_checkpoint(request: AuthorizedRequest, checkpoint_id: str) -> Checkpoint:
    """The checkpoint with this global ID. 404 if the caller may not see its run."""
    checkpoint = request.world.checkpoints.get(checkpoint_id)
    if checkpoint is None or not request.can_see(checkpoint.run):
        raise ApiError(404, f"Checkpoint {checkpoint_id!r} was not found.")
    return checkpoint
