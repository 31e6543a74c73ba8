"""The seven legacy routes, in the words of their time: trainers and sampling servers."""

from __future__ import annotations

from typing import Any

from loopsweb.simulator.authorized_request import Call
from loopsweb.simulator.checkpoint_entities import Checkpoint
from loopsweb.simulator.entities import Run, Sampler
from loopsweb.simulator.exchange import Answer, Refusal, answer
from loopsweb.simulator.fields import optional_text, text
from loopsweb.simulator.serialize_documented import checkpoint as checkpoint_json

from .checkpoints import resolve
from .creation import create_run
from .files import page
from .samplers import create_sampler


def search_trainers(call: Call) -> Answer:
    """POST /v1/trainers/search."""
    wanted = optional_text(call.body(), "trainer_id")
    runs = call.mine(call.world.runs.values())
    trainers = [
        {"trainer_id": run.id, "session_id": run.session_id, "base_model": run.base_model}
        for run in runs
        if wanted in (None, run.id)
    ]
    return answer({"trainers": trainers})


def search_checkpoint(call: Call) -> Answer:
    """POST /v1/trainers/checkpoints/search."""
    found = resolve(call, text(call.body(), "checkpoint_path"))
    return answer({"checkpoint": legacy_checkpoint(found)})


def create_trainer(call: Call) -> Answer:
    """POST /v1/trainer_sessions/{session_id}/trainers."""
    run = create_run(call, translated(call, "path"))
    fields: dict[str, Any] = {"id": run.id, "base_url": run.base_url, "sampling_server": None}
    if run.sampler is not None:
        fields["sampling_server"] = sampling_server(run.sampler)
    return answer({"trainer_server": fields})


def create_sampling_server(call: Call) -> Answer:
    """POST /v1/trainer_sessions/{session_id}/samplers."""
    sampler = create_sampler(call, translated(call, "model_path"))
    return answer({"sampling_server": sampling_server(sampler)})


def list_checkpoints(call: Call) -> Answer:
    """GET /v1/trainer_sessions/{session_id}/trainers/{trainer_id}/checkpoints."""
    run = trainer(call)
    found = [legacy_checkpoint(one) for one in run.checkpoints]
    return answer({"trainer_id": run.id, "checkpoints": found})


def list_files(call: Call) -> Answer:
    """GET …/trainers/{trainer_id}/checkpoints/{checkpoint_id}/files, by global id or by name."""
    wanted = call.params["checkpoint_id"]
    of_run = trainer(call).checkpoints
    for checkpoint in of_run:
        if checkpoint.id == wanted:
            return page(call, checkpoint)
    for checkpoint in of_run:
        if checkpoint.name == wanted:
            return page(call, checkpoint)
    raise Refusal(404, f"Checkpoint {wanted!r} was not found.")


def trainer(call: Call) -> Run:
    """The trainer of the path, which must be of the path's session."""
    run = call.find(call.world.runs, call.params["trainer_id"], "Trainer")
    if run.session_id != call.params["session_id"]:
        raise Refusal(404, f"Trainer {run.id!r} was not found.")
    return run


def translated(call: Call, path_field: str) -> dict[str, Any]:
    """The body under the canonical names: `model` is base_model, `checkpoint_path` the path."""
    body = call.body()
    text(body, "model")
    renamed = {"model": "base_model", "checkpoint_path": path_field}
    fields = {renamed.get(name, name): value for name, value in body.items()}
    return fields | {"session_id": call.params["session_id"]}


def sampling_server(sampler: Sampler) -> dict[str, Any]:
    return {"id": sampler.id, "base_url": sampler.base_url}


def legacy_checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    """A checkpoint with trainer_id in the place of run_id."""
    fields = checkpoint_json(checkpoint)
    return {"trainer_id" if name == "run_id" else name: fields[name] for name in fields}
