"""The filters of the list routes, and names in their rows."""

from __future__ import annotations

import pytest

from loopsweb.simulator import Simulator
from tests.simulator.http_calls import build_client, send_request


@pytest.fixture
def two(either: Simulator) -> Simulator:
    """Two runs of one model and one of another; a colleague's run too. Each has a checkpoint."""
    world = either.world
    world.clear()
    for run_id, base_model in (
        ("a", "Qwen/Qwen3-8B"),
        ("b", "Qwen/Qwen3-32B"),
        ("c", "Qwen/Qwen3-8B"),
    ):
        run = world.add_run(id=run_id, base_model=base_model)
        world.add_checkpoint(run=run, id=f"of-{run_id}")
    world.add_checkpoint(run=world.add_run(id="d", owner=world.users[2]), id="of-d")
    return either


def list_run_ids(simulator: Simulator, query: str) -> list[str]:
    name = "id" if simulator.dispatcher.generation == "current" else "run_id"
    return [
        run[name] for run in send_request(simulator, f"GET /v1/loops/runs{query}").json()["runs"]
    ]


def list_checkpoint_ids(simulator: Simulator, query: str, key: str = "demo-org-key") -> list[str]:
    response = send_request(simulator, f"GET /v1/loops/checkpoints{query}", key=key)
    return [one["id"] for one in response.json()["checkpoints"]]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["a", "b", "c"]),
        ("?run_id=b", ["b"]),
        ("?base_model=Qwen%2FQwen3-8B", ["a", "c"]),
        ("?run_id=a&base_model=Qwen/Qwen3-8B", ["a"]),
        ("?run_id=b&base_model=Qwen/Qwen3-8B", []),
        ("?run_id=nobody", []),
        ("?run_id=", []),
        ("?run_id=d", []),
        ("?unknown=1", ["a", "b", "c"]),
    ],
)
def test_runs_are_filtered_by_id_and_model(two: Simulator, query: str, ids: list[str]) -> None:
    assert list_run_ids(two, query) == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("?run_id=a", ["of-a"]),
        ("?run_id=d", ["of-d"]),
        ("?base_model=Qwen/Qwen3-8B", ["of-a", "of-c"]),
        ("?base_model=nobody/knows-it", []),
        ("?checkpoint_path=bt://loops:c/weights/step-100", ["of-c"]),
        ("?checkpoint_path=bt://trainers:c/weights/step-100", ["of-c"]),
    ],
)
def test_checkpoints_are_filtered(two: Simulator, query: str, ids: list[str]) -> None:
    assert list_checkpoint_ids(two, query) == ids


def test_the_model_filter_lists_own_checkpoints_only(two: Simulator) -> None:
    found = list_checkpoint_ids(two, "?base_model=Qwen/Qwen3-8B", key="demo-other-key")
    assert found == ["of-d"]


def test_a_uri_tells_the_targets_of_one_name_apart(two: Simulator) -> None:
    two.world.add_checkpoint(run=two.world.runs["a"], id="served", target="sampler")
    trainer = "?checkpoint_path=bt://loops:a/weights/step-100"
    sampler = "?checkpoint_path=bt://loops:a/sampler_weights/step-100"
    assert list_checkpoint_ids(two, trainer) == ["of-a"]
    assert list_checkpoint_ids(two, sampler) == ["served"]


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "a/b c?d#e", "n" * 255, "\u202etxt.exe", "..", "字", "\ud800"],
)
def test_hostile_names_are_unchanged(two: Simulator, name: str) -> None:
    run = two.world.add_run(id="h", name=name)
    two.world.add_checkpoint(run=run, name=name, id="hostile")
    with build_client(two) as http:
        (found,) = http.get("/v1/loops/checkpoints?run_id=h").json()["checkpoints"]
    assert (found["id"], found["checkpoint_id"]) == ("hostile", name)


@pytest.mark.parametrize("name", ["a/b c?d#e", "100%25", "字", "+"])
def test_a_hostile_name_is_found_by_its_uri(two: Simulator, name: str) -> None:
    two.world.add_checkpoint(run=two.world.runs["a"], name=name, id="odd")
    with build_client(two) as http:
        params = {"checkpoint_path": f"bt://loops:a/weights/{name}"}
        (found,) = http.get("/v1/loops/checkpoints", params=params).json()["checkpoints"]
    assert found["id"] == "odd"


def test_fields_can_be_overridden_and_omitted(two: Simulator) -> None:
    world = two.world
    world.clear()
    run = world.add_run(id="r", extra={"new": [1], "base_model": None}, omit=["session_id"])
    world.add_checkpoint(run=run, size_bytes=2**53 + 1, extra={"sync_status": "ODD"})
    world.add_deployment(run=run, status="HIBERNATING")
    (item,) = send_request(two, "GET /v1/loops/runs").json()["runs"]
    assert (item["new"], item["base_model"], "session_id" in item) == ([1], None, False)
    (saved,) = send_request(two, "GET /v1/loops/checkpoints?run_id=r").json()["checkpoints"]
    assert (saved["size_bytes"], saved["sync_status"]) == (2**53 + 1, "ODD")
    (deployment,) = send_request(two, "GET /v1/loops/deployments").json()["deployments"]
    assert deployment["status"] == {"name": "HIBERNATING"}


def test_a_changed_entity_is_serialized_again(sim: Simulator) -> None:
    world = sim.world
    world.clear()
    run = world.add_run(id="r")
    deployment = world.add_deployment(run=run)
    sampler = run.sampler
    assert sampler is not None

    def list_statuses() -> list[str]:
        (one,) = send_request(sim, "GET /v1/loops/deployments").json()["deployments"]
        (other,) = send_request(sim, "GET /v1/loops/runs").json()["runs"]
        nested = one["sampler"]["status"]["name"], other["sampler"]["status"]["name"]
        return [one["status"]["name"], *nested]

    assert list_statuses() == ["RUNNING", "ACTIVE", "ACTIVE"]
    sampler.status = "UNHEALTHY"
    assert list_statuses() == ["RUNNING", "UNHEALTHY", "UNHEALTHY"]
    deployment.status = "DEPLOYING"
    assert list_statuses() == ["DEPLOYING", "UNHEALTHY", "UNHEALTHY"]
