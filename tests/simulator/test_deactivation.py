"""Deactivating a deployment, a run, a sampler."""

from __future__ import annotations

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.entities import Deployment
from tests.simulator.http_calls import send_request


def add_pair(simulator: Simulator, status: str = "RUNNING") -> Deployment:
    simulator.world.clear()
    run = simulator.world.add_run(id="r")
    simulator.world.add_checkpoint(run=run)
    return simulator.world.add_deployment(id="d", run=run, status=status)


def get_statuses(simulator: Simulator) -> tuple[str, str, str]:
    run = simulator.world.runs["r"]
    assert run.deployment is not None
    assert run.sampler is not None
    return run.deployment.status, run.status, run.sampler.status


@pytest.mark.parametrize("status", ["CREATED", "DEPLOYING", "RUNNING", "SCALED_TO_ZERO", "ODD"])
def test_trainer_and_sampler_end_and_checkpoints_stay(either: Simulator, status: str) -> None:
    add_pair(either, status)
    response = send_request(either, "POST /v1/loops/deployments/d/deactivate")
    assert response.json() == {
        "id": "d",
        "base_model": "Qwen/Qwen3-8B",
        "user": {"email": "ada@example.com"},
    }
    assert get_statuses(either) == ("STOPPED", "INACTIVE", "INACTIVE")
    kept = send_request(either, "GET /v1/loops/checkpoints?run_id=r").json()["checkpoints"]
    assert len(kept) == 1


@pytest.mark.parametrize("status", ["STOPPED", "FAILED", "PREEMPTED"])
def test_an_ended_deployment_is_409(either: Simulator, status: str) -> None:
    add_pair(either, status)
    assert send_request(either, "POST /v1/loops/deployments/d/deactivate").status_code == 409
    assert get_statuses(either)[0] == status


def test_each_generation_words_a_conflict(sim: Simulator, old: Simulator) -> None:
    for simulator in (sim, old):
        add_pair(simulator)
        send_request(simulator, "POST /v1/loops/deployments/d/deactivate")
    said = "Deployment 'd' is already STOPPED."
    route = "POST /v1/loops/deployments/d/deactivate"
    assert send_request(sim, route).json() == {
        "message": said,
        "details": {"reason": "ALREADY_STOPPED"},
    }
    assert send_request(old, route).json() == {"error": said}


def test_stopping_can_take_time() -> None:
    sim = Simulator(stopping_seconds=30)
    add_pair(sim)
    assert send_request(sim, "POST /v1/loops/deployments/d/deactivate").status_code == 200
    assert get_statuses(sim) == ("RUNNING", "ACTIVE", "DEACTIVATING")
    again = send_request(sim, "POST /v1/loops/deployments/d/deactivate")
    assert (again.status_code, again.json()["details"]["reason"]) == (409, "ALREADY_STOPPING")
    sim.advance(29)
    assert get_statuses(sim)[0] == "RUNNING"
    sim.advance(1)
    assert get_statuses(sim) == ("STOPPED", "INACTIVE", "INACTIVE")


def test_a_run_is_ended_with_its_deployment(sim: Simulator) -> None:
    add_pair(sim)
    response = send_request(sim, "POST /v1/loops/runs/r/deactivate")
    assert response.json() == {
        "id": "r",
        "base_model": "Qwen/Qwen3-8B",
        "user": {"email": "ada@example.com"},
    }
    assert get_statuses(sim) == ("STOPPED", "INACTIVE", "INACTIVE")
    assert send_request(sim, "POST /v1/loops/runs/r/deactivate").status_code == 409


def test_an_inactive_run_ends_its_deployment(sim: Simulator) -> None:
    deployment = add_pair(sim, "SCALED_TO_ZERO")
    sim.world.runs["r"].status = "INACTIVE"
    deployment.active_run_id = None
    assert send_request(sim, "POST /v1/loops/runs/r/deactivate").status_code == 200
    assert deployment.status == "STOPPED"


def test_a_replaced_run_is_409(sim: Simulator) -> None:
    deployment = add_pair(sim)
    sim.world.runs["r"].status = "INACTIVE"
    sim.world.add_run(id="successor", deployment=deployment)
    assert send_request(sim, "POST /v1/loops/runs/r/deactivate").status_code == 409
    assert deployment.status == "RUNNING"


def test_a_serverless_run_ends_alone(sim: Simulator) -> None:
    run = sim.world.add_run(id="alone", sampler=sim.world.add_sampler(serverless=True))
    assert send_request(sim, "GET /v1/loops/runs/alone").json()["run"]["deployment_id"] is None
    assert send_request(sim, "POST /v1/loops/runs/alone/deactivate").status_code == 200
    assert run.sampler is not None
    assert (run.status, run.sampler.status) == ("INACTIVE", "INACTIVE")
    assert send_request(sim, "POST /v1/loops/runs/alone/deactivate").status_code == 409


def test_a_standalone_sampler_can_be_deactivated_repeatedly(sim: Simulator) -> None:
    sampler = sim.world.add_sampler(id="s")
    for _ in range(2):
        response = send_request(sim, "POST /v1/loops/samplers/s/deactivate")
        assert (response.status_code, response.json()["id"]) == (200, "s")
        assert sampler.status == "INACTIVE"


def test_a_paired_sampler_is_409(sim: Simulator) -> None:
    add_pair(sim)
    sampler = sim.world.runs["r"].sampler
    assert sampler is not None
    assert send_request(sim, f"POST /v1/loops/samplers/{sampler.id}/deactivate").status_code == 409
    assert get_statuses(sim) == ("RUNNING", "ACTIVE", "ACTIVE")


@pytest.mark.parametrize("noun", ["runs", "samplers"])
def test_an_unknown_id_is_404(sim: Simulator, noun: str) -> None:
    assert send_request(sim, f"POST /v1/loops/{noun}/x/deactivate").status_code == 404
