"""Invalid requests are 400 or 422 with a message, unknown IDs 404."""

from __future__ import annotations

from typing import Any

import pytest

from loopsweb.simulator import Simulator
from tests.simulator.http_calls import HOST, build_client, send_request

RUN: dict[str, Any] = {"session_id": "s", "base_model": "Qwen/Qwen3-8B"}
BAD_RUNS: list[Any] = [
    {},
    {"session_id": "s"},
    {"base_model": "Qwen/Qwen3-8B"},
    {"session_id": 5, "base_model": "Qwen/Qwen3-8B"},
    {"session_id": "s", "base_model": ""},
    RUN | {"base_model": "nobody/knows-it"},
    RUN | {"max_seq_len": "131072"},
    RUN | {"max_seq_len": 0},
    RUN | {"lora_rank": 0},
    RUN | {"lora_rank": True},
    RUN | {"lora_rank": 1.5},
    RUN | {"seed": "7"},
    RUN | {"scale_down_delay_seconds": 0},
    RUN | {"scale_down_delay_seconds": -1},
    RUN | {"path": "bt://nonsense"},
    RUN | {"path": "bt://loops:r/sampler_weights/step-100"},
    [],
    "text",
]
NOT_ENABLED = {"base_model": "moonshotai/Kimi-K2-Instruct"}
REFUSED: list[Any] = [
    ("runs", RUN | NOT_ENABLED),
    ("runs", RUN | {"max_seq_len": 131_073}),
    ("runs", RUN | {"base_model": "Qwen/Qwen3-30B-A3B", "max_seq_len": 131_073}),
    ("runs", RUN | {"learning_rate": 1}),
    ("runs", RUN | {"num_replicas": 1}),
    ("runs", RUN | {"base_checkpoint": "hf://org/repo"}),
    ("samplers", RUN | NOT_ENABLED),
    ("samplers", RUN | {"max_seq_length": 131_073}),
    ("samplers", RUN | {"max_seq_len": 8}),
    ("samplers", RUN | {"replicas": 1}),
    ("sessions", {"name": "s"}),
]
REFUSED_BY_NEWER: list[Any] = [
    ("runs", RUN | {"base_model": "Qwen/Qwen3-32B", "scope": "serverless"}),
    ("runs", RUN | {"scope": "serverless", "replicas": 1}),
    ("runs", RUN | {"scope": "serverless", "availability_model": "dedicated"}),
    ("runs", RUN | {"path": "bt://loops:r/weights/unloadable"}),
    ("trainers", RUN | {"sampler_num_replicas": 2}),
    ("trainers", RUN | NOT_ENABLED),
    ("samplers", RUN | {"scope": "serverless", "num_replicas": 1}),
    ("samplers", RUN | {"model_path": "bt://loops:r/sampler_weights/unloadable"}),
    ("samplers", RUN | {"run_id": "r", "base_model": "Qwen/Qwen3-32B"}),
    ("samplers", RUN | {"run_id": "r", "availability_model": "spot"}),
    ("samplers", RUN | {"run_id": "d", "scope": "serverless"}),
]
BAD_NEWER_RUNS: list[Any] = [
    RUN | {"name": ""},
    RUN | {"name": "n" * 256},
    RUN | {"availability_model": "cheap"},
    RUN | {"replicas": 0},
    RUN | {"sampler_num_replicas": 0},
    RUN | {"reuse_from_run_id": 1},
    RUN | {"scope": "everywhere"},
    RUN | {"reuse_from_run_id": "r", "base_model": "Qwen/Qwen3-32B"},
]
BAD_SAMPLERS: list[Any] = [
    {},
    {"session_id": "s"},
    RUN | {"max_seq_length": -1},
    RUN | {"max_seq_length": "long"},
    RUN | {"model_path": "bt://loops:r/weights/step-100"},
    RUN | {"model_path": 3},
    RUN | {"model_path": "http://loops:r/weights/step-100"},
]
BAD_FILTERS = [
    "",
    "?run_id=r&base_model=Qwen/Qwen3-8B",
    "?run_id=r&checkpoint_path=bt://loops:r/weights/step-100",
    "?checkpoint_path=",
    "?checkpoint_path=step-100",
    "?checkpoint_path=bt://loops:r/step-100",
    "?checkpoint_path=bt://loops:/weights/step-100",
    "?checkpoint_path=bt://loops:r/other_weights/step-100",
    "?checkpoint_path=bt://loops:r/weights/",
]
MISSING = [
    "GET /v1/loops/sessions/x",
    "GET /v1/loops/runs/x",
    "GET /v1/loops/samplers/x",
    "GET /v1/loops/deployments/x",
    "POST /v1/loops/deployments/x/deactivate",
    "GET /v1/loops/checkpoints/x/files",
    "GET /v1/loops/checkpoints?run_id=x",
    "GET /v1/loops/checkpoints?checkpoint_path=bt://loops:x/weights/step-100",
    "GET /v1/loops/checkpoints?checkpoint_path=bt://loops:r/weights/step-999",
    "GET /v1/loops/nothing",
    "GET /nothing",
    "GET /v1/loops/runs/a/b",
]


@pytest.fixture
def small(either: Simulator) -> Simulator:
    """A session `s` with a run `r` and its step-100 for trainer and sampler."""
    world = either.world
    world.clear()
    run = world.add_run(id="r", session=world.add_session(id="s"))
    for target in ("trainer", "sampler"):
        world.add_checkpoint(run=run, id=f"c-{target}", target=target)
    return either


def get_error_status(simulator: Simulator, route: str, body: Any = None) -> int:
    """The status of an error response, which must have a message."""
    response = send_request(simulator, route, body)
    assert list(response.json()) in (["message"], ["message", "details"])
    assert len(response.json()["message"]) > 8
    return response.status_code


@pytest.mark.parametrize("body", BAD_RUNS, ids=repr)
def test_an_invalid_run_is_refused(small: Simulator, body: Any) -> None:
    assert get_error_status(small, "POST /v1/loops/runs", body) == 400
    assert list(small.world.runs) == ["r"]


@pytest.mark.parametrize(("noun", "body"), REFUSED, ids=repr)
def test_what_cannot_be_had_is_422(small: Simulator, noun: str, body: Any) -> None:
    assert get_error_status(small, f"POST /v1/loops/{noun}", body) == 422
    assert (list(small.world.runs), list(small.world.sessions)) == (["r"], ["s"])


@pytest.mark.parametrize(("noun", "body"), REFUSED_BY_NEWER, ids=repr)
def test_what_newer_servers_cannot_give_is_422(sim: Simulator, noun: str, body: Any) -> None:
    world = sim.world
    world.clear()
    session = world.add_session(id="s")
    serverless = world.add_run(id="r", session=session, serverless=True)
    world.add_deployment(run=world.add_run(id="d", session=session))
    for target in ("trainer", "sampler"):
        saved = world.add_checkpoint(run=serverless, name="unloadable", target=target)
        saved.lora_config = None
    before = (len(world.runs), len(world.samplers))
    assert get_error_status(sim, f"POST /v1/loops/{noun}", body) == 422
    assert (len(world.runs), len(world.samplers)) == before


@pytest.mark.parametrize("body", BAD_NEWER_RUNS, ids=repr)
def test_invalid_newer_fields_are_refused(sim: Simulator, old: Simulator, body: Any) -> None:
    for simulator, status in ((sim, 400), (old, 422)):
        simulator.world.clear()
        simulator.world.add_run(id="r", session=simulator.world.add_session(id="s"))
        assert get_error_status(simulator, "POST /v1/loops/runs", body) == status
        assert list(simulator.world.runs) == ["r"]


def test_only_newer_servers_limit_the_scale_down_delay(sim: Simulator, old: Simulator) -> None:
    body = RUN | {"scale_down_delay_seconds": 3601}
    for simulator in (sim, old):
        simulator.world.add_session(id="s")
    assert get_error_status(sim, "POST /v1/loops/runs", body) == 400
    assert send_request(old, "POST /v1/loops/runs", body).status_code == 200


@pytest.mark.parametrize("body", BAD_SAMPLERS, ids=repr)
def test_an_invalid_sampler_is_refused(small: Simulator, body: Any) -> None:
    before = list(small.world.samplers)
    assert get_error_status(small, "POST /v1/loops/samplers", body) == 400
    assert list(small.world.samplers) == before


@pytest.mark.parametrize("query", BAD_FILTERS)
def test_checkpoints_need_exactly_one_valid_filter(small: Simulator, query: str) -> None:
    assert get_error_status(small, f"GET /v1/loops/checkpoints{query}") == 400


@pytest.mark.parametrize("route", MISSING)
def test_an_unknown_id_is_404(small: Simulator, route: str) -> None:
    assert get_error_status(small, route) == 404


@pytest.mark.parametrize("noun", ["runs", "samplers"])
def test_an_unknown_session_is_404(small: Simulator, noun: str) -> None:
    assert get_error_status(small, f"POST /v1/loops/{noun}", RUN | {"session_id": "x"}) == 404


def test_a_path_must_name_a_checkpoint(small: Simulator) -> None:
    gone = {"path": "bt://loops:r/weights/step-999"}
    assert get_error_status(small, "POST /v1/loops/runs", RUN | gone) == 404
    gone = {"model_path": "bt://loops:r/sampler_weights/step-999"}
    assert get_error_status(small, "POST /v1/loops/samplers", RUN | gone) == 404


def test_another_method_is_405(small: Simulator) -> None:
    assert get_error_status(small, "PUT /v1/loops/runs") == 405
    assert get_error_status(small, "GET /v1/loops/deployments/x/deactivate") == 405


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"5"])
def test_a_body_must_be_a_json_object(small: Simulator, body: bytes) -> None:
    with build_client(small) as http:
        response = http.post(f"{HOST}/v1/loops/sessions", content=body)
    assert response.status_code == 400
    assert small.world.sessions.keys() == {"s"}


def test_a_session_needs_no_body(small: Simulator) -> None:
    for body in (None, {}, {"training_project_id": None}, {"training_project_id": "proj_1"}):
        assert send_request(small, "POST /v1/loops/sessions", body).status_code == 200
    projects = [one.training_project_id for one in small.world.sessions.values()]
    assert projects == [None, None, None, None, "proj_1"]
    assert get_error_status(small, "POST /v1/loops/sessions", {"training_project_id": 5}) == 400
