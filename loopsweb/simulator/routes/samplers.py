"""Samplers: paired with a run, or standalone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loopsweb.simulator.authorized_request import Call
from loopsweb.simulator.entities import Run, Sampler
from loopsweb.simulator.exchange import Answer, Refusal, answer, listing
from loopsweb.simulator.fields import choice, integer, optional_text, text
from loopsweb.simulator.serialization import moment

from .checkpoints import resolve
from .creation import CAPACITY, supported_model


def list_(call: Call) -> Answer:
    """GET /v1/loops/samplers."""
    samplers = call.listed(call.world.samplers.values())
    return listing("samplers", (one.kept(call.shapes.sampler_item) for one in samplers))


def show(call: Call) -> Answer:
    """GET /v1/loops/samplers/{sampler_id}."""
    sampler = call.find(call.world.samplers, call.params["sampler_id"], "Sampler")
    return answer({"sampler": call.shapes.sampler(sampler)})


def model_deployment(call: Call) -> Answer:
    """GET /v1/models/{model_id}/deployments/{deployment_id}: a sampler, as what it runs on."""
    wanted = (call.params["model_id"], call.params["deployment_id"])
    for one in call.world.samplers.values():
        if (one.model_id, one.deployment_id) == wanted and call.visible(one):
            fields = {"id": one.deployment_id, "model_id": one.model_id, "status": one.status}
            return answer(fields | {"name": one.base_model, "created_at": moment(one.created_at)})
    raise Refusal(404, f"Deployment {wanted[1]!r} was not found.")


def create(call: Call) -> Answer:
    """POST /v1/loops/samplers."""
    return answer({"sampler": call.shapes.sampler(create_sampler(call, call.body()))})


def deactivate(call: Call) -> Answer:
    """POST /v1/loops/samplers/{sampler_id}/deactivate. As often as you like; 409 if paired."""
    sampler = call.find(call.world.samplers, call.params["sampler_id"], "Sampler")
    if sampler.run_id is not None:
        message = f"Sampler {sampler.id!r} is paired with run {sampler.run_id!r}: deactivate that."
        raise Refusal(409, message, "PAIRED_SAMPLER")
    if sampler.status not in ("DEACTIVATING", "INACTIVE"):
        call.life.stop_sampler(sampler)
    return answer(
        {
            "id": sampler.id,
            "base_model": sampler.base_model,
            "user": {"email": sampler.owner.email},
        }
    )


def create_sampler(call: Call, body: Mapping[str, Any]) -> Sampler:
    """A standalone sampler, or on newer servers one paired with the run `run_id`."""
    session = call.find(call.world.sessions, text(body, "session_id"), "Session")
    current = call.generation == "current"
    run_id = optional_text(body, "run_id") if current else None
    run = None if run_id is None else call.find(call.world.runs, run_id, "Run")
    path = optional_text(body, "model_path")
    source = None if path is None else resolve(call, path)
    if source is not None and source.target != "sampler":
        raise Refusal(
            400,
            "model_path must be a sampler checkpoint: bt://loops:<run_id>/sampler_weights/<name>.",
        )
    base_model = optional_text(body, "base_model")
    if base_model is None and current:
        base_model = run.base_model if run else source.base_model if source else None
    if base_model is None:
        raise Refusal(400, "base_model is required.")
    model = supported_model(base_model)
    integer(body, "max_seq_length", default=model.max_seq_len, least=1, most=model.max_seq_len)
    if current:
        choice(body, "availability_model", CAPACITY)
        integer(body, "num_replicas", default=1, least=1)
    if run is not None and run.sampler is not None:
        return run.sampler
    sampler = call.world.add_sampler(
        session=session, owner=call.caller, base_model=model.name, model_path=path
    )
    if run is not None:
        pair(run, sampler)
    call.life.boot(sampler)
    return sampler


def pair(run: Run, sampler: Sampler) -> None:
    """Give a trainer-only run its sampler."""
    sampler.run_id = run.id
    run.sampler = sampler
    if run.deployment is not None:
        run.deployment.sampler = sampler
