"""The initial organisation."""

from __future__ import annotations

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.world import World
from tests.simulator.http_calls import send_request

LISTS = ("runs", "samplers", "deployments", "checkpoints?base_model=Qwen/Qwen3-8B")


def get_lists(simulator: Simulator) -> list[bytes]:
    return [send_request(simulator, f"GET /v1/loops/{noun}").content for noun in LISTS]


def test_the_same_seed_gives_the_same_organisation() -> None:
    assert get_lists(Simulator(seed=7)) == get_lists(Simulator(seed=7))
    assert get_lists(Simulator(seed=7)) != get_lists(Simulator(seed=8))


def test_a_reset_restores_the_organisation(either: Simulator) -> None:
    before = get_lists(either)
    either.add_fault("*", "status")
    either.advance(5000)
    either.world.revoke_key("demo-org-key")
    either.world.clear()
    either.reset()
    assert either.requests == []
    assert get_lists(either) == before


def test_the_organisation_has_every_status(sim: Simulator) -> None:
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


def test_each_step_is_saved_for_both_targets(either: Simulator) -> None:
    world = either.world
    by_target = {
        target: {
            (one.run.id, one.name) for one in world.checkpoints.values() if one.target == target
        }
        for target in ("trainer", "sampler")
    }
    assert by_target["trainer"] == by_target["sampler"]
    assert len(world.checkpoints) == 10 * 8 + count_syncing(world)


def count_syncing(world: World) -> int:
    """The number of syncing checkpoints: two for every RUNNING deployment."""
    live = [one for one in world.deployments.values() if one.status == "RUNNING"]
    found = [one for one in world.checkpoints.values() if one.sync_status == "SYNCING"]
    assert len(found) == 2 * len(live)
    return len(found)


def test_no_timestamp_is_in_the_future(either: Simulator) -> None:
    world = either.world
    begun = [run.created_at for run in world.runs.values()]
    saved = [checkpoint.created_at for checkpoint in world.checkpoints.values()]
    assert max(*begun, *saved) <= world.now
    assert [
        one.id for one in world.checkpoints.values() if one.created_at < one.run.created_at
    ] == []


@pytest.mark.parametrize("runs", [0, 1, 3, 100])
def test_any_number_of_runs_is_possible(runs: int) -> None:
    sim = Simulator(runs=runs, checkpoints_per_run=3)
    assert len(sim.world.runs) == runs
    sim.advance(3600)
    assert send_request(sim, "GET /v1/loops/runs?scope=org").status_code == 200


def test_large_lists_are_fast() -> None:
    sim = Simulator(runs=2000, checkpoints_per_run=10)
    assert (len(sim.world.runs), len(sim.world.checkpoints)) == (2000, 19_988)
    listed = send_request(sim, "GET /v1/loops/runs?scope=org").json()["runs"]
    assert [one["id"] for one in listed] == list(sim.world.runs)
    serializer = [one.__dict__["_cached_json"][2] for one in sim.world.runs.values()]
    send_request(sim, "GET /v1/loops/runs?scope=org")
    again = [one.__dict__["_cached_json"][2] for one in sim.world.runs.values()]
    assert [new is old for new, old in zip(again, serializer, strict=True)] == [True] * 2000
