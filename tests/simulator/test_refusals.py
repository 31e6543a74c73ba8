"""What is malformed is a 400 with a message, what is not there a 404."""

from __future__ import annotations

from typing import Any

import pytest

from loopsweb.simulator import Simulator

from .reach import HOST, call, client

RUN: dict[str, Any] = {"session_id": "s", "base_model": "Qwen/Qwen3-8B"}
BAD_RUNS: list[Any] = [
    {},
    {"session_id": "s"},
    {"base_model": "Qwen/Qwen3-8B"},
    {"session_id": 5, "base_model": "Qwen/Qwen3-8B"},
    {"session_id": "s", "base_model": ""},
    RUN | {"base_model": "nobody/knows-it"},
    RUN | {"base_model": "moonshotai/Kimi-K2-Instruct"},
    RUN | {"max_seq_len": "131072"},
    RUN | {"max_seq_len": 0},
    RUN | {"max_seq_len": 131_073},
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
BAD_NEWER_RUNS: list[Any] = [
    RUN | {"name": ""},
    RUN | {"name": "n" * 256},
    RUN | {"availability_model": "cheap"},
    RUN | {"replicas": 0},
    RUN | {"sampler_num_replicas": 0},
    RUN | {"scale_down_delay_seconds": 3601},
    RUN | {"reuse_from_run_id": 1},
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


def refused(simulator: Simulator, route: str, body: Any = None) -> int:
    """The status of a refusal that says why."""
    response = call(simulator, route, body)
    assert list(response.json()) in (["message"], ["message", "details"])
    assert len(response.json()["message"]) > 8
    return response.status_code


@pytest.mark.parametrize("body", BAD_RUNS, ids=repr)
def test_a_run_needs_what_the_document_says(small: Simulator, body: Any) -> None:
    assert refused(small, "POST /v1/loops/runs", body) == 400
    assert list(small.world.runs) == ["r"]


@pytest.mark.parametrize("body", BAD_NEWER_RUNS, ids=repr)
def test_newer_servers_check_the_newer_fields(small: Simulator, body: Any) -> None:
    newer = small.service.generation == "current"
    if newer:
        assert refused(small, "POST /v1/loops/runs", body) == 400
    else:
        assert call(small, "POST /v1/loops/runs", body).status_code == 200
    assert len(small.world.runs) == (1 if newer else 2)


@pytest.mark.parametrize("body", BAD_SAMPLERS, ids=repr)
def test_a_sampler_needs_what_the_document_says(small: Simulator, body: Any) -> None:
    before = list(small.world.samplers)
    assert refused(small, "POST /v1/loops/samplers", body) == 400
    assert list(small.world.samplers) == before


@pytest.mark.parametrize("query", BAD_FILTERS)
def test_checkpoints_take_exactly_one_well_formed_filter(small: Simulator, query: str) -> None:
    assert refused(small, f"GET /v1/loops/checkpoints{query}") == 400


@pytest.mark.parametrize("route", MISSING)
def test_what_is_not_there_is_404(small: Simulator, route: str) -> None:
    assert refused(small, route) == 404


@pytest.mark.parametrize("noun", ["runs", "samplers"])
def test_a_session_must_be_there(small: Simulator, noun: str) -> None:
    assert refused(small, f"POST /v1/loops/{noun}", RUN | {"session_id": "x"}) == 404


def test_a_path_must_lead_to_a_checkpoint(small: Simulator) -> None:
    gone = {"path": "bt://loops:r/weights/step-999"}
    assert refused(small, "POST /v1/loops/runs", RUN | gone) == 404
    gone = {"model_path": "bt://loops:r/sampler_weights/step-999"}
    assert refused(small, "POST /v1/loops/samplers", RUN | gone) == 404


def test_a_known_path_with_another_method_is_405(small: Simulator) -> None:
    assert refused(small, "PUT /v1/loops/runs") == 405
    assert refused(small, "GET /v1/loops/deployments/x/deactivate") == 405


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"5"])
def test_a_body_that_is_no_json_object_is_400(small: Simulator, body: bytes) -> None:
    with client(small) as http:
        response = http.post(f"{HOST}/v1/loops/sessions", content=body)
    assert response.status_code == 400
    assert small.world.sessions.keys() == {"s"}


def test_a_session_takes_no_body_an_empty_one_and_a_project(small: Simulator) -> None:
    for body in (None, {}, {"training_project_id": None}, {"training_project_id": "proj_1"}):
        assert call(small, "POST /v1/loops/sessions", body).status_code == 200
    projects = [one.training_project_id for one in small.world.sessions.values()]
    assert projects == [None, None, None, None, "proj_1"]
    assert refused(small, "POST /v1/loops/sessions", {"training_project_id": 5}) == 400
