"""Runs: what the SDK calls trainer servers."""

from __future__ import annotations

from typing import Any

from loopsweb.simulator.authorized_request import Call
from loopsweb.simulator.entities import ENDED, Run
from loopsweb.simulator.exchange import Answer, Refusal, answer, listing

from .creation import create_run
from .deployments import stop


def listed_runs(call: Call) -> list[Run]:
    """The caller's runs, or those the filters leave of them."""
    wanted = {name: call.query[name] for name in ("run_id", "base_model") if name in call.query}
    runs = call.listed(call.world.runs.values())
    if "run_id" in wanted:
        runs = [run for run in runs if run.id == wanted["run_id"]]
    if "base_model" in wanted:
        runs = [run for run in runs if run.base_model == wanted["base_model"]]
    return runs


def list_(call: Call) -> Answer:
    """GET /v1/loops/runs."""
    return listing("runs", (run.kept(call.shapes.run_item) for run in listed_runs(call)))


def show(call: Call) -> Answer:
    """GET /v1/loops/runs/{run_id}."""
    run = call.find(call.world.runs, call.params["run_id"], "Run")
    return answer({"run": call.shapes.run(run)})


def create(call: Call) -> Answer:
    """POST /v1/loops/runs."""
    return answer({"run": call.shapes.run(create_run(call, call.body()))})


def create_trainer(call: Call) -> Answer:
    """POST /v1/loops/trainers: a run without a sampler."""
    return answer({"run": call.shapes.run(create_run(call, call.body(), trainer_only=True))})


def deactivate(call: Call) -> Answer:
    """POST /v1/loops/runs/{run_id}/deactivate: ends the run and its paired sampler."""
    run = call.find(call.world.runs, call.params["run_id"], "Run")
    deployment = run.deployment
    if deployment is not None and deployment.latest_run_id == run.id:
        if deployment.status in ENDED:
            raise Refusal(409, f"Run {run.id!r} has already ended.", "ALREADY_STOPPED")
        stop(call, deployment)
        return answer(ended(run))
    if run.status != "ACTIVE":
        raise Refusal(409, f"Run {run.id!r} has already ended.", "ALREADY_STOPPED")
    run.status = "INACTIVE"
    if run.sampler is not None:
        call.life.stop_sampler(run.sampler)
    return answer(ended(run))


def ended(run: Run) -> dict[str, Any]:
    """What a deactivation answers about a run."""
    return {"id": run.id, "base_model": run.base_model, "user": {"email": run.owner.email}}
