"""The seven legacy routes, and how a client detects its server's generation."""

from __future__ import annotations

import json

import pytest

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.types import Checkpoint, Run, Sampler, Session
from tests.loops_api import documented_examples
from tests.loops_api.conftest import build_client
from tests.loops_api.scripted_server import ScriptedResponse, ScriptedServer

TRAINERS = {
    "trainers": [
        {"trainer_id": "t1", "session_id": "s1", "base_model": "m"},
        {"trainer_id": "t2", "session_id": "s2", "base_model": "n"},
        {"trainer_id": "t3", "session_id": "s2", "base_model": "n"},
    ]
}
RUN_1 = Run(id="t1", session_id="s1", base_model="m", raw=TRAINERS["trainers"][0])
SEARCH = "POST /v1/trainers/search"


@pytest.fixture
def legacy(server: ScriptedServer) -> Client:
    server.set_responses(SEARCH, TRAINERS)
    return build_client(server, "legacy")


def checkpoint_row(checkpoint_id: str, trainer_id: str) -> dict[str, str]:
    return {"id": checkpoint_id, "trainer_id": trainer_id, "checkpoint_id": "step-1"}


def checkpoint(checkpoint_id: str, trainer_id: str) -> Checkpoint:
    return Checkpoint(
        id=checkpoint_id,
        run_id=trainer_id,
        name="step-1",
        raw=checkpoint_row(checkpoint_id, trainer_id),
    )


def checkpoints_route(trainer_id: str, session_id: str) -> str:
    return f"GET /v1/trainer_sessions/{session_id}/trainers/{trainer_id}/checkpoints"


def test_list_runs_searches_trainers(legacy: Client, server: ScriptedServer) -> None:
    assert [run.id for run in legacy.list_runs()] == ["t1", "t2", "t3"]
    assert json.loads(server.requests[-1].body) == {}
    found = legacy.list_runs(run_id="t1", base_model="m")
    assert json.loads(server.requests[-1].body) == {"trainer_id": "t1"}
    assert (list(found), found.skipped) == ([RUN_1], 0)


def test_create_session(legacy: Client, server: ScriptedServer) -> None:
    server.set_responses("POST /v1/trainer_sessions", documented_examples.SESSION)
    assert legacy.create_session("p1") == Session(id="sess_xyz789", raw={"id": "sess_xyz789"})
    assert json.loads(server.requests[-1].body) == {"training_project_id": "p1"}


def test_create_run_sends_the_legacy_names(legacy: Client, server: ScriptedServer) -> None:
    trainer = {"id": "t9", "base_url": "https://t", "sampling_server": {"id": "x", "base_url": "u"}}
    server.set_responses("POST /v1/trainer_sessions/s1/trainers", {"trainer_server": trainer})
    made = legacy.create_run(
        session_id="s1",
        base_model="m",
        lora_rank=8,
        max_seq_len=9,
        seed=0,
        scale_down_delay_seconds=60,
        path="bt://loops:t1/weights/w",
        name=None,
    )
    assert made == Run(
        id="t9",
        base_url="https://t",
        sampler=Sampler(id="x", base_url="u", raw={"id": "x", "base_url": "u"}),
        raw=trainer,
    )
    assert json.loads(server.requests[-1].body) == {
        "model": "m",
        "lora_rank": 8,
        "max_seq_len": 9,
        "seed": 0,
        "scale_down_delay_seconds": 60,
        "checkpoint_path": "bt://loops:t1/weights/w",
    }


def test_a_field_unknown_to_legacy_servers_is_refused(
    legacy: Client, server: ScriptedServer
) -> None:
    with pytest.raises(ValueError, match="not support availability_model, replicas"):
        legacy.create_run(session_id="s", base_model="m", availability_model="spot", replicas=2)
    assert server.requests == []


def test_create_sampler_sends_the_legacy_names(legacy: Client, server: ScriptedServer) -> None:
    server.set_responses(
        "POST /v1/trainer_sessions/s1/samplers", {"sampling_server": {"id": "x", "base_url": "u"}}
    )
    made = legacy.create_sampler(
        session_id="s1", base_model="m", max_seq_length=5, model_path="bt://loops:t/weights/w"
    )
    assert made == Sampler(id="x", base_url="u", raw={"id": "x", "base_url": "u"})
    assert json.loads(server.requests[-1].body) == {
        "model": "m",
        "max_seq_length": 5,
        "checkpoint_path": "bt://loops:t/weights/w",
    }


def test_checkpoints_of_a_run_are_listed_in_its_session(
    legacy: Client, server: ScriptedServer
) -> None:
    answer = {"trainer_id": "t1", "checkpoints": [checkpoint_row("c1", "t1"), {"id": "c2"}]}
    server.set_responses(checkpoints_route("t1", "s1"), answer)
    assert list(legacy.list_checkpoints(run_id="t1")) == [
        checkpoint("c1", "t1"),
        Checkpoint(id="c2", run_id="t1", raw={"id": "c2"}),
    ]


def test_checkpoints_of_a_model_are_collected_from_its_runs(
    legacy: Client, server: ScriptedServer
) -> None:
    server.set_responses(
        checkpoints_route("t2", "s2"), {"checkpoints": [checkpoint_row("c1", "t2")]}
    )
    server.set_responses(
        checkpoints_route("t3", "s2"),
        {"checkpoints": [checkpoint_row("c2", "t3"), checkpoint_row("c3", "t3")]},
    )
    found = legacy.list_checkpoints(base_model="n")
    assert list(found) == [
        checkpoint("c1", "t2"),
        checkpoint("c2", "t3"),
        checkpoint("c3", "t3"),
    ]
    assert legacy.list_checkpoints(base_model="n").digest == found.digest


def test_a_checkpoint_is_found_by_its_uri(legacy: Client, server: ScriptedServer) -> None:
    server.set_responses(
        "POST /v1/trainers/checkpoints/search", {"checkpoint": checkpoint_row("c1", "t1")}
    )
    uri = "bt://loops:t1/weights/step-1"
    assert list(legacy.list_checkpoints(checkpoint_path=uri)) == [checkpoint("c1", "t1")]
    assert json.loads(server.requests[-1].body) == {"checkpoint_path": uri}


def test_checkpoints_of_an_unknown_run_are_not_found(
    legacy: Client, server: ScriptedServer
) -> None:
    server.set_responses(SEARCH, {"trainers": []})
    with pytest.raises(errors.NotFound):
        legacy.list_checkpoints(run_id="t1")


def test_auto_becomes_current_if_the_canonical_list_exists(server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/runs", documented_examples.RUNS)
    client = build_client(server, "auto")
    assert [run.id for run in client.list_runs()] == ["k4q95w5"]
    assert client.generation == "current"


def test_auto_becomes_legacy_if_only_the_legacy_list_exists(server: ScriptedServer) -> None:
    server.set_responses(SEARCH, TRAINERS)
    client = build_client(server, "auto")
    assert [run.id for run in client.list_runs(base_model="m")] == ["t1"]
    assert client.generation == "legacy"
    server.requests.clear()
    client.list_runs()
    assert server.routes == [SEARCH]


def test_auto_is_settled_by_checkpoints_too(server: ScriptedServer) -> None:
    server.set_responses(SEARCH, TRAINERS)
    server.set_responses(
        checkpoints_route("t1", "s1"), {"checkpoints": [checkpoint_row("c1", "t1")]}
    )
    client = build_client(server, "auto")
    assert list(client.list_checkpoints(run_id="t1")) == [checkpoint("c1", "t1")]
    assert client.generation == "legacy"


def test_an_unknown_run_does_not_settle_auto(server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/runs", documented_examples.RUNS)
    server.set_responses(SEARCH, {"trainers": []})
    client = build_client(server, "auto")
    with pytest.raises(errors.NotFound):
        client.list_checkpoints(run_id="gone")
    assert client.generation == "current"


@pytest.mark.parametrize("status", [404, 401, 500])
def test_auto_stays_auto_if_no_list_exists(server: ScriptedServer, status: int) -> None:
    server.set_responses(SEARCH, ScriptedResponse(status))
    client = build_client(server, "auto")
    with pytest.raises(errors.NotFound):
        client.list_runs()
    assert client.generation == "auto"


def test_current_falls_back_when_the_whole_list_is_gone(server: ScriptedServer) -> None:
    server.set_responses(SEARCH, TRAINERS)
    client = build_client(server, "current")
    with pytest.raises(errors.NotFound):
        client.list_runs("one")
    assert (client.generation, server.routes) == ("current", ["GET /v1/loops/runs"])
    assert len(client.list_runs()) == len(TRAINERS["trainers"])
    assert client.generation == "legacy"
