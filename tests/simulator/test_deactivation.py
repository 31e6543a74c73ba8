"""Ending a training pair, a run, a sampler."""

from __future__ import annotations

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.entities import Deployment

from .reach import call


def pair(simulator: Simulator, status: str = "RUNNING") -> Deployment:
    simulator.world.clear()
    run = simulator.world.add_run(id="r")
    simulator.world.add_checkpoint(run=run)
    return simulator.world.add_deployment(id="d", run=run, status=status)


def statuses(simulator: Simulator) -> tuple[str, str, str]:
    run = simulator.world.runs["r"]
    assert run.deployment is not None
    assert run.sampler is not None
    return run.deployment.status, run.status, run.sampler.status


@pytest.mark.parametrize("status", ["CREATED", "DEPLOYING", "RUNNING", "SCALED_TO_ZERO", "ODD"])
def test_it_ends_both_halves_and_keeps_the_checkpoints(either: Simulator, status: str) -> None:
    pair(either, status)
    response = call(either, "POST /v1/loops/deployments/d/deactivate")
    assert response.json() == {
        "id": "d",
        "base_model": "Qwen/Qwen3-8B",
        "user": {"email": "ada@example.com"},
    }
    assert statuses(either) == ("STOPPED", "INACTIVE", "INACTIVE")
    kept = call(either, "GET /v1/loops/checkpoints?run_id=r").json()["checkpoints"]
    assert len(kept) == 1


@pytest.mark.parametrize("status", ["STOPPED", "FAILED", "PREEMPTED"])
def test_what_has_ended_cannot_be_ended_again(either: Simulator, status: str) -> None:
    pair(either, status)
    assert call(either, "POST /v1/loops/deployments/d/deactivate").status_code == 409
    assert statuses(either)[0] == status


def test_a_conflict_is_worded_as_its_generation_words_it(sim: Simulator, old: Simulator) -> None:
    for simulator in (sim, old):
        pair(simulator)
        call(simulator, "POST /v1/loops/deployments/d/deactivate")
    said = "Deployment 'd' is already STOPPED."
    route = "POST /v1/loops/deployments/d/deactivate"
    assert call(sim, route).json() == {"message": said, "details": {"reason": "ALREADY_STOPPED"}}
    assert call(old, route).json() == {"error": said}


def test_the_end_may_take_a_while() -> None:
    sim = Simulator(stopping_seconds=30)
    pair(sim)
    assert call(sim, "POST /v1/loops/deployments/d/deactivate").status_code == 200
    assert statuses(sim) == ("RUNNING", "ACTIVE", "DEACTIVATING")
    again = call(sim, "POST /v1/loops/deployments/d/deactivate")
    assert (again.status_code, again.json()["details"]["reason"]) == (409, "ALREADY_STOPPING")
    sim.advance(29)
    assert statuses(sim)[0] == "RUNNING"
    sim.advance(1)
    assert statuses(sim) == ("STOPPED", "INACTIVE", "INACTIVE")


def test_a_run_is_ended_with_its_deployment(sim: Simulator) -> None:
    pair(sim)
    response = call(sim, "POST /v1/loops/runs/r/deactivate")
    assert response.json() == {
        "id": "r",
        "base_model": "Qwen/Qwen3-8B",
        "user": {"email": "ada@example.com"},
    }
    assert statuses(sim) == ("STOPPED", "INACTIVE", "INACTIVE")
    assert call(sim, "POST /v1/loops/runs/r/deactivate").status_code == 409


def test_a_run_at_rest_takes_its_deployment_with_it(sim: Simulator) -> None:
    deployment = pair(sim, "SCALED_TO_ZERO")
    sim.world.runs["r"].status = "INACTIVE"
    deployment.active_run_id = None
    assert call(sim, "POST /v1/loops/runs/r/deactivate").status_code == 200
    assert deployment.status == "STOPPED"


def test_a_replaced_run_has_ended_already(sim: Simulator) -> None:
    deployment = pair(sim)
    sim.world.runs["r"].status = "INACTIVE"
    sim.world.add_run(id="successor", deployment=deployment)
    assert call(sim, "POST /v1/loops/runs/r/deactivate").status_code == 409
    assert deployment.status == "RUNNING"


def test_a_serverless_run_ends_alone(sim: Simulator) -> None:
    run = sim.world.add_run(id="alone", sampler=sim.world.add_sampler(serverless=True))
    assert call(sim, "GET /v1/loops/runs/alone").json()["run"]["deployment_id"] is None
    assert call(sim, "POST /v1/loops/runs/alone/deactivate").status_code == 200
    assert run.sampler is not None
    assert (run.status, run.sampler.status) == ("INACTIVE", "INACTIVE")
    assert call(sim, "POST /v1/loops/runs/alone/deactivate").status_code == 409


def test_a_standalone_sampler_can_be_ended_over_and_over(sim: Simulator) -> None:
    sampler = sim.world.add_sampler(id="s")
    for _ in range(2):
        response = call(sim, "POST /v1/loops/samplers/s/deactivate")
        assert (response.status_code, response.json()["id"]) == (200, "s")
        assert sampler.status == "INACTIVE"


def test_a_paired_sampler_is_ended_with_its_run_only(sim: Simulator) -> None:
    pair(sim)
    sampler = sim.world.runs["r"].sampler
    assert sampler is not None
    assert call(sim, f"POST /v1/loops/samplers/{sampler.id}/deactivate").status_code == 409
    assert statuses(sim) == ("RUNNING", "ACTIVE", "ACTIVE")


@pytest.mark.parametrize("noun", ["runs", "samplers"])
def test_unknown_ones_are_404(sim: Simulator, noun: str) -> None:
    assert call(sim, f"POST /v1/loops/{noun}/x/deactivate").status_code == 404
