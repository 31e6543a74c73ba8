"""The organisation as it is at first."""

from __future__ import annotations

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.world import World

from .reach import call

LISTS = ("runs", "samplers", "deployments", "checkpoints?base_model=Qwen/Qwen3-8B")


def lists(simulator: Simulator) -> list[bytes]:
    return [call(simulator, f"GET /v1/loops/{noun}").content for noun in LISTS]


def test_the_same_seed_makes_the_same_organisation() -> None:
    assert lists(Simulator(seed=7)) == lists(Simulator(seed=7))
    assert lists(Simulator(seed=7)) != lists(Simulator(seed=8))


def test_a_reset_brings_it_back(either: Simulator) -> None:
    before = lists(either)
    either.fail("*", "status")
    either.advance(5000)
    either.world.revoke("demo-org-key")
    either.world.clear()
    either.reset()
    assert either.requests == []
    assert lists(either) == before


def test_it_is_believable(sim: Simulator) -> None:
    world = sim.world
    assert [user.name for user in world.users] == ["Ada Okafor", "Grace Lindqvist", "Noor Haddad"]
    assert len(world.runs) == 12
    assert len({run.base_model for run in world.runs.values()}) == 7
    assert len({run.session_id for run in world.runs.values()}) == 11
    assert {run.owner.name for run in world.runs.values()} == {user.name for user in world.users}
    statuses = [one.status for one in world.deployments.values()]
    assert {name: statuses.count(name) for name in sorted(set(statuses))} == {
        "CREATED": 1,
        "DEPLOYING": 1,
        "FAILED": 1,
        "PREEMPTED": 1,
        "RUNNING": 4,
        "SCALED_TO_ZERO": 1,
        "STOPPED": 2,
    }
    alone = [one.status for one in world.samplers.values() if one.run_id is None]
    assert alone == ["ACTIVE", "DEPLOY_FAILED", "ACTIVE"]
    assert [one.deployment for one in world.runs.values()].count(None) == 1


def test_every_step_is_saved_for_trainer_and_sampler(either: Simulator) -> None:
    world = either.world
    by_target = {
        target: {
            (one.run.id, one.name) for one in world.checkpoints.values() if one.target == target
        }
        for target in ("trainer", "sampler")
    }
    assert by_target["trainer"] == by_target["sampler"]
    assert len(world.checkpoints) == 10 * 8 + syncing(world)


def syncing(world: World) -> int:
    """How many are being written: every RUNNING deployment's newest step, twice."""
    live = [one for one in world.deployments.values() if one.status == "RUNNING"]
    found = [one for one in world.checkpoints.values() if one.sync_status == "SYNCING"]
    assert len(found) == 2 * len(live)
    return len(found)


def test_nothing_is_from_the_future(either: Simulator) -> None:
    world = either.world
    begun = [run.created_at for run in world.runs.values()]
    saved = [checkpoint.created_at for checkpoint in world.checkpoints.values()]
    assert max(*begun, *saved) <= world.now
    assert [
        one.id for one in world.checkpoints.values() if one.created_at < one.run.created_at
    ] == []


@pytest.mark.parametrize("runs", [0, 1, 3, 100])
def test_it_can_be_of_any_size(runs: int) -> None:
    sim = Simulator(runs=runs, checkpoints_per_run=3)
    assert len(sim.world.runs) == runs
    sim.advance(3600)
    assert call(sim, "GET /v1/loops/runs?scope=org").status_code == 200


def test_a_thousand_times_the_size_is_no_thousand_times_the_wait() -> None:
    sim = Simulator(runs=10_000, checkpoints_per_run=10)
    assert (len(sim.world.runs), len(sim.world.checkpoints)) == (10_000, 99_988)
    listed = call(sim, "GET /v1/loops/runs?scope=org").json()["runs"]
    assert [one["id"] for one in listed] == list(sim.world.runs)
    shapes = [one.__dict__["_kept"][2] for one in sim.world.runs.values()]
    call(sim, "GET /v1/loops/runs?scope=org")
    again = [one.__dict__["_kept"][2] for one in sim.world.runs.values()]
    assert [new is old for new, old in zip(again, shapes, strict=True)] == [True] * 10_000
