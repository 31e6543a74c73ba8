"""Changes of status over time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.entities import Run
from loopsweb.simulator.simulation import DEFAULT_NOW
from tests.simulator.http_calls import send_request


@pytest.fixture
def run(either: Simulator) -> Run:
    """The only run, just created through the API."""
    either.world.clear()
    session = send_request(either, "POST /v1/loops/sessions", {}).json()["session"]["id"]
    body = {"session_id": session, "base_model": "Qwen/Qwen3-8B", "scale_down_delay_seconds": 60}
    created = send_request(either, "POST /v1/loops/runs", body).json()["run"]
    return either.world.runs[created["id"]]


def watch(simulator: Simulator, seconds: int, look: Callable[[], Any]) -> list[Any]:
    """The values of `look` second by second, without repetitions."""
    seen = [look()]
    for _ in range(seconds):
        simulator.advance(1)
        if look() != seen[-1]:
            seen.append(look())
    return seen


def test_a_deployment_starts_and_scales_to_zero(either: Simulator, run: Run) -> None:
    deployment = run.deployment
    assert deployment is not None
    assert watch(either, 3600, lambda: deployment.status) == [
        "CREATED",
        "DEPLOYING",
        "RUNNING",
        "SCALED_TO_ZERO",
    ]
    assert (run.status, deployment.active_run_id, deployment.latest_run_id) == (
        "INACTIVE",
        None,
        run.id,
    )


def test_the_paired_sampler_starts(either: Simulator, run: Run) -> None:
    sampler = run.sampler
    assert sampler is not None
    assert watch(either, 3600, lambda: sampler.status) == [
        "BUILDING",
        "DEPLOYING",
        "LOADING_MODEL",
        "ACTIVE",
        "SCALED_TO_ZERO",
    ]


def test_a_step_is_saved_for_both_targets(either: Simulator, run: Run) -> None:
    either.advance(3600)
    names = [(one.name, one.target) for one in run.checkpoints]
    steps = len(names) // 2
    assert 6 <= steps <= 14
    assert names == [
        (f"step-{100 * step}", target)
        for step in range(1, steps + 1)
        for target in ("trainer", "sampler")
    ]
    assert {one.sync_status for one in run.checkpoints} == {"COMPLETE"}


def test_a_checkpoint_is_syncing_at_first(either: Simulator, run: Run) -> None:
    while not run.checkpoints:
        either.advance(1)
    first = run.checkpoints[0]
    assert watch(either, 120, lambda: first.sync_status) == ["SYNCING", "COMPLETE"]


def test_a_stopped_deployment_stays_stopped(either: Simulator, run: Run) -> None:
    either.advance(150)
    deployment = run.deployment
    assert deployment is not None
    send_request(either, f"POST /v1/loops/deployments/{deployment.id}/deactivate")
    saved = len(run.checkpoints)
    either.advance(3600)
    assert (deployment.status, run.status, len(run.checkpoints)) == ("STOPPED", "INACTIVE", saved)


def test_added_resources_do_not_change_by_themselves(either: Simulator) -> None:
    world = either.world
    world.clear()
    run = world.add_run()
    deployment = world.add_deployment(run=run, status="DEPLOYING")
    sampler = world.add_sampler(status="BUILDING")
    checkpoint = world.add_checkpoint(run=run, sync_status="SYNCING")
    either.advance(86_400)
    kept = (deployment.status, sampler.status, checkpoint.sync_status, run.status)
    assert kept == ("DEPLOYING", "BUILDING", "SYNCING", "ACTIVE")


def test_the_number_of_requests_changes_nothing() -> None:
    often, once = Simulator(), Simulator()
    for _ in range(600):
        often.advance(6)
        send_request(often, "GET /v1/loops/runs")
    once.advance(3600)
    for noun in ("runs", "samplers", "deployments"):
        route = f"GET /v1/loops/{noun}?scope=org"
        assert send_request(often, route).json() == send_request(once, route).json()


def test_pace_divides_durations() -> None:
    slow, quick = Simulator(), Simulator(pace=20)
    slow.advance(1200)
    quick.advance(60)
    told = [
        [(one.id, one.status) for one in sim.world.deployments.values()] for sim in (slow, quick)
    ]
    assert told[0] == told[1]
    assert quick.world.now - DEFAULT_NOW == timedelta(seconds=60)


def test_a_demo_changes_every_five_seconds() -> None:
    sim = Simulator(pace=20)
    before = list_statuses(sim)
    for _ in range(200):
        sim.advance(5)
        after = list_statuses(sim)
        assert after != before
        before = after


def list_statuses(sim: Simulator) -> list[tuple[str, str | None]]:
    """The status of every resource."""
    world = sim.world
    return [
        *((one.id, one.status) for one in world.deployments.values()),
        *((one.id, one.status) for one in world.samplers.values()),
        *((one.id, one.sync_status) for one in world.checkpoints.values()),
    ]


def test_background_activity_goes_on_without_growth(sim: Simulator) -> None:
    world = sim.world
    statuses = set()
    for _ in range(5 * 24):
        sim.advance(3600)
        now = [one.status for one in world.deployments.values()]
        statuses |= set(now)
        assert now.count("RUNNING") > 1
        assert len(world.runs) < 130
        assert len(world.checkpoints) < 2600
        assert max(len(world.deployments), len(world.samplers), len(world.sessions)) < 50
    assert statuses == {
        "CREATED",
        "DEPLOYING",
        "RUNNING",
        "SCALED_TO_ZERO",
        "STOPPED",
        "FAILED",
        "PREEMPTED",
    }
    assert {one.run.id for one in world.checkpoints.values()} <= set(world.runs)
    assert {one.session_id for one in world.runs.values()} <= set(world.sessions)
