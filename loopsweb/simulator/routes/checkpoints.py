"""Checkpoints: found by exactly one filter."""

from __future__ import annotations

from loopsweb.simulator import uris
from loopsweb.simulator.authorized_request import Call
from loopsweb.simulator.checkpoint_entities import Checkpoint
from loopsweb.simulator.entities import Run
from loopsweb.simulator.exchange import Answer, Refusal, answer, listing

FILTERS = ("run_id", "base_model", "checkpoint_path")


def list_(call: Call) -> Answer:
    """GET /v1/loops/checkpoints."""
    given = [name for name in FILTERS if name in call.query]
    if len(given) != 1:
        raise Refusal(400, "Provide exactly one of run_id, base_model, or checkpoint_path.")
    value = call.query[given[0]]
    if given[0] == "run_id":
        found = run_of(call, value).checkpoints
    elif given[0] == "checkpoint_path":
        found = [resolve(call, value)]
    else:
        found = of_base_model(call, value)
    return listing("checkpoints", (one.kept(call.shapes.checkpoint_item) for one in found))


def run_of(call: Call, run_id: str) -> Run:
    return call.find(call.world.runs, run_id, "Run")


def of_base_model(call: Call, base_model: str) -> list[Checkpoint]:
    """Those of the caller's own runs of this base model, whatever the key's scopes."""
    runs = [run for run in call.mine(call.world.runs.values()) if run.base_model == base_model]
    return [checkpoint for run in runs for checkpoint in run.checkpoints]


def resolve(call: Call, uri: str) -> Checkpoint:
    """The checkpoint a bt:// URI names. 400 if it is malformed, 404 if there is none."""
    parts = uris.parse(uri)
    if parts is None:
        raise Refusal(
            400,
            f"{uri!r} is not a checkpoint URI."
            " Form: bt://loops:<run_id>/(weights|sampler_weights)/<checkpoint_name>.",
        )
    run_id, target, name = parts
    for checkpoint in run_of(call, run_id).checkpoints:
        if (checkpoint.target, checkpoint.name) == (target, name):
            return checkpoint
    raise Refusal(404, f"Checkpoint {uri!r} was not found.")


def find(call: Call, checkpoint_id: str) -> Checkpoint:
    """The checkpoint with this global id, if its run is the caller's to see."""
    checkpoint = call.world.checkpoints.get(checkpoint_id)
    if checkpoint is None or not call.visible(checkpoint.run):
        raise Refusal(404, f"Checkpoint {checkpoint_id!r} was not found.")
    return checkpoint


def show(checkpoint: Checkpoint, call: Call) -> Answer:
    return answer({"checkpoint": call.shapes.checkpoint(checkpoint)})
