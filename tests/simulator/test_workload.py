"""A team's workload: three days of training that are replayed, and what goes on after them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.entities import Run
from loopsweb.simulator.simulation import DEFAULT_NOW
from loopsweb.simulator.workload import PAST
from tests.simulator.http_calls import send_request


@pytest.fixture
def sim() -> Simulator:
    """At the present."""
    simulator = Simulator(is_workload=True, pace=0.4, stopping_seconds=8)
    assert simulator.world.now == DEFAULT_NOW - PAST
    assert (simulator.world.runs, simulator.world.deployments) == ({}, {})
    simulator.advance(PAST.total_seconds())
    return simulator


def find_run(simulator: Simulator, name: str) -> Run:
    return next(run for run in simulator.world.runs.values() if run.name == name)


def get_status(simulator: Simulator, name: str) -> str:
    """Of the run's deployment."""
    deployment = find_run(simulator, name).deployment
    return "serverless" if deployment is None else deployment.status


def find_newest_save(run: Run) -> timedelta:
    """How long before the present it was last saved."""
    return DEFAULT_NOW - max(one.created_at for one in run.checkpoints)


def test_something_idles_something_is_stuck_and_something_syncs(sim: Simulator) -> None:
    names = {run.name for run in sim.world.runs.values()}
    assert Counter(get_status(sim, name) for name in names) == {
        "RUNNING": 6,
        "STOPPED": 8,
        "DEPLOYING": 2,
        "SCALED_TO_ZERO": 1,
        "FAILED": 1,
        "PREEMPTED": 1,
        "serverless": 1,
    }
    idle = find_run(sim, "support-tone-v4")
    assert find_newest_save(idle) == timedelta(hours=9.4)
    assert {one.sync_status for one in idle.checkpoints} == {"COMPLETE"}
    stuck = find_run(sim, "summaries-de")
    assert (get_status(sim, "summaries-de"), stuck.checkpoints) == ("DEPLOYING", [])
    assert DEFAULT_NOW - stuck.created_at == timedelta(hours=0.79)
    syncing = [one for one in sim.world.checkpoints.values() if one.sync_status == "SYNCING"]
    assert [one.run.name for one in syncing] == ["math-rl-curriculum"] * 2


def test_nothing_is_in_the_future_and_all_ids_are_the_same_again(sim: Simulator) -> None:
    world = sim.world
    everything = [*world.runs.values(), *world.checkpoints.values(), *world.samplers.values()]
    assert max(one.created_at for one in everything) <= DEFAULT_NOW
    before = send_request(sim, "GET /v1/loops/deployments").content
    sim.reset()
    sim.advance(PAST.total_seconds())
    assert send_request(sim, "GET /v1/loops/deployments").content == before


def test_every_change_of_a_status_is_logged_when_it_happened(sim: Simulator) -> None:
    run = find_run(sim, "code-review-sft")
    url = "GET /_simulator/status_changes"
    logged = send_request(sim, url, key=None).json()["status_changes"]
    deployment = run.deployment
    assert deployment is not None
    created = run.created_at
    of_it = [(one["old"], one["new"], one["at"]) for one in logged if one["id"] == deployment.id]
    assert of_it == [
        ("CREATED", "DEPLOYING", f"{created + timedelta(seconds=8):%Y-%m-%dT%H:%M:%SZ}"),
        ("DEPLOYING", "RUNNING", f"{created + timedelta(minutes=3):%Y-%m-%dT%H:%M:%SZ}"),
        ("RUNNING", "FAILED", f"{DEFAULT_NOW - timedelta(hours=3.1):%Y-%m-%dT%H:%M:%SZ}"),
    ]


def test_training_goes_on_at_a_pace_that_a_person_can_follow(sim: Simulator) -> None:
    saved = len(find_run(sim, "math-rl-curriculum").checkpoints)
    known = set(sim.world.runs)
    sim.advance(15 * 60)
    assert len(find_run(sim, "math-rl-curriculum").checkpoints) == saved + 2
    assert get_status(sim, "summaries-de") == "DEPLOYING"
    assert get_status(sim, "support-tone-v4") == "RUNNING"
    assert set(sim.world.runs) == known
