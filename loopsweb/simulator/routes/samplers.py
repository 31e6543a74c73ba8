"""Samplers: paired with a run, or standalone."""

from __future__ import annotations

from loopsweb.simulator.call import Call
from loopsweb.simulator.exchange import Answer, Refusal, answer, listing

from .creation import create_sampler


def list_(call: Call) -> Answer:
    """GET /v1/loops/samplers."""
    samplers = call.listed(call.world.samplers.values())
    return listing("samplers", (one.kept(call.shapes.sampler_item) for one in samplers))


def show(call: Call) -> Answer:
    """GET /v1/loops/samplers/{sampler_id}."""
    sampler = call.find(call.world.samplers, call.params["sampler_id"], "Sampler")
    return answer({"sampler": call.shapes.sampler(sampler)})


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
