"""The seven legacy routes, which call runs trainers and samplers sampling servers."""

from __future__ import annotations

from typing import Any

from loopsweb.simulator import documented_serializer
from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.entities import Checkpoint, Run, Sampler
from loopsweb.simulator.field_validation import read_optional_text, read_text, refuse_unknown
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.routes import run_creation, sampler_creation
from loopsweb.simulator.routes.checkpoints import resolve_uri
from loopsweb.simulator.routes.files import build_page
from loopsweb.simulator.routes.run_creation import create_run
from loopsweb.simulator.routes.sampler_creation import create_sampler


def search_trainers(request: AuthorizedRequest) -> Response:
    """POST /v1/trainers/search."""
    wanted = read_optional_text(request.parse_body(), "trainer_id")
    runs = request.filter_owned(request.world.runs.values())
    trainers = [
        {"trainer_id": run.id, "session_id": run.session_id, "base_model": run.base_model}
        for run in runs
        if wanted in (None, run.id)
    ]
    return respond_json({"trainers": trainers})


def search_checkpoint(request: AuthorizedRequest) -> Response:
    """POST /v1/trainers/checkpoints/search."""
    found = resolve_uri(request, read_text(request.parse_body(), "checkpoint_path"))
    return respond_json({"checkpoint": serialize_legacy_checkpoint(found)})


def create_trainer(request: AuthorizedRequest) -> Response:
    """POST /v1/trainer_sessions/{session_id}/trainers."""
    run = create_run(request, translate_body(request, "path", run_creation.DOCUMENTED_FIELDS))
    server = None if run.sampler is None else serialize_sampling_server(run.sampler)
    fields = {"id": run.id, "base_url": run.base_url, "sampling_server": server}
    return respond_json({"trainer_server": fields})


def create_sampling_server(request: AuthorizedRequest) -> Response:
    """POST /v1/trainer_sessions/{session_id}/samplers."""
    sampler = create_sampler(
        request, translate_body(request, "model_path", sampler_creation.DOCUMENTED_FIELDS)
    )
    return respond_json({"sampling_server": serialize_sampling_server(sampler)})


def list_checkpoints(request: AuthorizedRequest) -> Response:
    """GET /v1/trainer_sessions/{session_id}/trainers/{trainer_id}/checkpoints."""
    run = find_trainer(request)
    found = [serialize_legacy_checkpoint(one) for one in run.checkpoints]
    return respond_json({"trainer_id": run.id, "checkpoints": found})


def list_files(request: AuthorizedRequest) -> Response:
    """GET …/trainers/{trainer_id}/checkpoints/{checkpoint_id}/files: the ID here is the name.

    Of two checkpoints of the same name the first one is found.
    """
    wanted = request.params["checkpoint_id"]
    for checkpoint in find_trainer(request).checkpoints:
        if checkpoint.name == wanted:
            return build_page(request, checkpoint)
    raise ApiError(404, f"Checkpoint {wanted!r} was not found.")


def find_trainer(request: AuthorizedRequest) -> Run:
    """The trainer of the path. 404 unless it belongs to the path's session."""
    run = request.find_visible(request.world.runs, request.params["trainer_id"], "Trainer")
    if run.session_id != request.params["session_id"]:
        raise ApiError(404, f"Trainer {run.id!r} was not found.")
    return run


def translate_body(
    request: AuthorizedRequest, path_field: str, known: frozenset[str]
) -> dict[str, Any]:
    """The body with canonical field names: base_model for model, path for checkpoint_path."""
    body = request.parse_body()
    renamed = {"model": "base_model", "checkpoint_path": path_field}
    refuse_unknown(body, renamed.keys() | (known - {"base_model", path_field, "session_id"}))
    read_text(body, "model")
    fields = {renamed.get(name, name): value for name, value in body.items()}
    return fields | {"session_id": request.params["session_id"]}


def serialize_sampling_server(sampler: Sampler) -> dict[str, Any]:
    return {"id": sampler.id, "base_url": sampler.base_url}


def serialize_legacy_checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    """A checkpoint with trainer_id instead of run_id."""
    fields = documented_serializer.serialize_checkpoint(checkpoint)
    return {"trainer_id" if name == "run_id" else name: fields[name] for name in fields}
