"""How the world moves when its clock does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.entities import Run
from loopsweb.simulator.simulator import DEFAULT_NOW

from .reach import call


@pytest.fixture
def run(either: Simulator) -> Run:
    """The only run there is, created through the API a moment ago."""
    either.world.clear()
    session = call(either, "POST /v1/loops/sessions", {}).json()["session"]["id"]
    body = {"session_id": session, "base_model": "Qwen/Qwen3-8B", "scale_down_delay_seconds": 60}
    created = call(either, "POST /v1/loops/runs", body).json()["run"]
    return either.world.runs[created["id"]]


def passed(simulator: Simulator, seconds: int, look: Callable[[], Any]) -> list[Any]:
    """What is seen, second by second, each thing once."""
    seen = [look()]
    for _ in range(seconds):
        simulator.advance(1)
        if look() != seen[-1]:
            seen.append(look())
    return seen


def test_a_deployment_comes_up_works_and_scales_to_zero(either: Simulator, run: Run) -> None:
    deployment = run.deployment
    assert deployment is not None
    assert passed(either, 3600, lambda: deployment.status) == [
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


def test_its_sampler_comes_up_beside_it(either: Simulator, run: Run) -> None:
    sampler = run.sampler
    assert sampler is not None
    assert passed(either, 3600, lambda: sampler.status) == [
        "BUILDING",
        "DEPLOYING",
        "LOADING_MODEL",
        "ACTIVE",
        "SCALED_TO_ZERO",
    ]


def test_it_saves_for_both_targets_under_one_name(either: Simulator, run: Run) -> None:
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
    assert passed(either, 120, lambda: first.sync_status) == ["SYNCING", "COMPLETE"]


def test_what_was_stopped_does_not_move_again(either: Simulator, run: Run) -> None:
    either.advance(150)
    deployment = run.deployment
    assert deployment is not None
    call(either, f"POST /v1/loops/deployments/{deployment.id}/deactivate")
    saved = len(run.checkpoints)
    either.advance(3600)
    assert (deployment.status, run.status, len(run.checkpoints)) == ("STOPPED", "INACTIVE", saved)


def test_what_a_test_puts_in_stays_as_it_is(either: Simulator) -> None:
    world = either.world
    world.clear()
    run = world.add_run()
    deployment = world.add_deployment(run=run, status="DEPLOYING")
    sampler = world.add_sampler(status="BUILDING")
    checkpoint = world.add_checkpoint(run=run, sync_status="SYNCING")
    either.advance(86_400)
    kept = (deployment.status, sampler.status, checkpoint.sync_status, run.status)
    assert kept == ("DEPLOYING", "BUILDING", "SYNCING", "ACTIVE")


def test_looking_often_changes_nothing() -> None:
    often, once = Simulator(), Simulator()
    for _ in range(600):
        often.advance(6)
        call(often, "GET /v1/loops/runs")
    once.advance(3600)
    for noun in ("runs", "samplers", "deployments"):
        route = f"GET /v1/loops/{noun}?scope=org"
        assert call(often, route).json() == call(once, route).json()


def test_a_quicker_pace_does_in_a_minute_what_takes_twenty() -> None:
    slow, quick = Simulator(), Simulator(pace=20)
    slow.advance(1200)
    quick.advance(60)
    told = [
        [(one.id, one.status) for one in sim.world.deployments.values()] for sim in (slow, quick)
    ]
    assert told[0] == told[1]
    assert quick.world.now - DEFAULT_NOW == timedelta(seconds=60)


def test_something_moves_within_five_seconds_of_a_demo_at_any_time() -> None:
    sim = Simulator(pace=20)
    before = picture(sim)
    for _ in range(200):
        sim.advance(5)
        after = picture(sim)
        assert after != before
        before = after


def picture(sim: Simulator) -> list[tuple[str, str | None]]:
    """Every status there is."""
    world = sim.world
    return [
        *((one.id, one.status) for one in world.deployments.values()),
        *((one.id, one.status) for one in world.samplers.values()),
        *((one.id, one.sync_status) for one in world.checkpoints.values()),
    ]


def test_the_bustle_never_ends_and_never_grows(either: Simulator) -> None:
    world = either.world
    statuses = set()
    for _ in range(14 * 24):
        either.advance(3600)
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
