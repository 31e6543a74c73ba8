"""The seven legacy routes, and which generation a client speaks."""

from __future__ import annotations

import json

import pytest

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.types import Checkpoint, FilePage, Run, Sampler, Session
from tests.loops_api import document
from tests.loops_api.conftest import client_of
from tests.loops_api.served import Answer, Served

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
def legacy(served: Served) -> Client:
    served.on(SEARCH, TRAINERS)
    return client_of(served, "legacy")


def row(checkpoint_id: str, trainer_id: str) -> dict[str, str]:
    return {"id": checkpoint_id, "trainer_id": trainer_id, "checkpoint_id": "step-1"}


def checkpoint(checkpoint_id: str, trainer_id: str) -> Checkpoint:
    return Checkpoint(
        id=checkpoint_id, run_id=trainer_id, name="step-1", raw=row(checkpoint_id, trainer_id)
    )


def place(trainer_id: str, session_id: str) -> str:
    return f"GET /v1/trainer_sessions/{session_id}/trainers/{trainer_id}/checkpoints"


def test_runs_are_searched(legacy: Client, served: Served) -> None:
    assert [run.id for run in legacy.list_runs()] == ["t1", "t2", "t3"]
    assert json.loads(served.asked[-1].body) == {}
    found = legacy.list_runs(run_id="t1", base_model="m")
    assert json.loads(served.asked[-1].body) == {"trainer_id": "t1"}
    assert (list(found), found.skipped) == ([RUN_1], 0)


def test_a_session_is_made(legacy: Client, served: Served) -> None:
    served.on("POST /v1/trainer_sessions", document.SESSION)
    assert legacy.create_session("p1") == Session(id="sess_xyz789", raw={"id": "sess_xyz789"})
    assert json.loads(served.asked[-1].body) == {"training_project_id": "p1"}


def test_a_run_is_made_under_the_old_names(legacy: Client, served: Served) -> None:
    trainer = {"id": "t9", "base_url": "https://t", "sampling_server": {"id": "x", "base_url": "u"}}
    served.on("POST /v1/trainer_sessions/s1/trainers", {"trainer_server": trainer})
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
    assert json.loads(served.asked[-1].body) == {
        "model": "m",
        "lora_rank": 8,
        "max_seq_len": 9,
        "seed": 0,
        "scale_down_delay_seconds": 60,
        "checkpoint_path": "bt://loops:t1/weights/w",
    }


def test_a_field_older_servers_do_not_know_is_refused_not_dropped(
    legacy: Client, served: Served
) -> None:
    with pytest.raises(ValueError, match="no availability_model, replicas"):
        legacy.create_run(session_id="s", base_model="m", availability_model="spot", replicas=2)
    assert served.asked == []


def test_a_sampler_is_made_under_the_old_names(legacy: Client, served: Served) -> None:
    served.on(
        "POST /v1/trainer_sessions/s1/samplers", {"sampling_server": {"id": "x", "base_url": "u"}}
    )
    made = legacy.create_sampler(
        session_id="s1", base_model="m", max_seq_length=5, model_path="bt://loops:t/weights/w"
    )
    assert made == Sampler(id="x", base_url="u", raw={"id": "x", "base_url": "u"})
    assert json.loads(served.asked[-1].body) == {
        "model": "m",
        "max_seq_length": 5,
        "checkpoint_path": "bt://loops:t/weights/w",
    }


def test_checkpoints_of_a_run_are_under_its_session(legacy: Client, served: Served) -> None:
    answer = {"trainer_id": "t1", "checkpoints": [row("c1", "t1"), {"id": "c2"}]}
    served.on(place("t1", "s1"), answer)
    assert list(legacy.list_checkpoints(run_id="t1")) == [
        checkpoint("c1", "t1"),
        Checkpoint(id="c2", run_id="t1", raw={"id": "c2"}),
    ]


def test_checkpoints_of_a_model_are_those_of_its_runs(legacy: Client, served: Served) -> None:
    served.on(place("t2", "s2"), {"checkpoints": [row("c1", "t2")]})
    served.on(place("t3", "s2"), {"checkpoints": [row("c2", "t3"), row("c3", "t3")]})
    found = legacy.list_checkpoints(base_model="n")
    assert list(found) == [
        checkpoint("c1", "t2"),
        checkpoint("c2", "t3"),
        checkpoint("c3", "t3"),
    ]
    assert legacy.list_checkpoints(base_model="n").digest == found.digest


def test_a_checkpoint_is_searched_by_its_uri(legacy: Client, served: Served) -> None:
    served.on("POST /v1/trainers/checkpoints/search", {"checkpoint": row("c1", "t1")})
    asked = "bt://loops:t1/weights/step-1"
    assert list(legacy.list_checkpoints(checkpoint_path=asked)) == [checkpoint("c1", "t1")]
    assert json.loads(served.asked[-1].body) == {"checkpoint_path": asked}


def test_checkpoints_of_an_unknown_run_are_not_found(legacy: Client, served: Served) -> None:
    served.on(SEARCH, {"trainers": []})
    with pytest.raises(errors.NotFound):
        legacy.list_checkpoints(run_id="t1")


def test_files_are_asked_for_where_the_checkpoint_is(legacy: Client, served: Served) -> None:
    served.on(place("t1", "s1"), {"checkpoints": []})
    served.on(place("t2", "s2"), {"checkpoints": [row("c1", "t2")]})
    served.on(f"{place('t2', 's2')}/c1/files", document.FILES)
    assert legacy.list_files("c1", 50, 3).total_count == 1
    assert served.asked[-1].query == "page_size=50&page_token=3"
    assert legacy.list_files("c1").total_count == 1
    assert served.routes == [
        SEARCH,
        place("t1", "s1"),
        place("t2", "s2"),
        f"{place('t2', 's2')}/c1/files",
        f"{place('t2', 's2')}/c1/files",
    ]


def test_files_of_an_unknown_checkpoint_are_not_found(legacy: Client, served: Served) -> None:
    served.on(SEARCH, {"trainers": [{"trainer_id": "t1"}, *TRAINERS["trainers"][:1]]})
    served.on(place("t1", "s1"), {"checkpoints": [row("c1", "t1")]})
    with pytest.raises(errors.NotFound):
        legacy.list_files("c2")
    assert served.routes == [SEARCH, place("t1", "s1")]


def test_files_of_a_known_run_need_no_search_of_all(legacy: Client, served: Served) -> None:
    served.on(f"{place('t1', 's1')}/c1/files", {"presigned_urls": []})
    assert legacy.list_files("c1", run_id="t1") == FilePage(files=())
    assert served.routes == [SEARCH, f"{place('t1', 's1')}/c1/files"]


def test_auto_becomes_current_where_the_canonical_list_answers(served: Served) -> None:
    served.on("GET /v1/loops/runs", document.RUNS)
    client = client_of(served, "auto")
    assert [run.id for run in client.list_runs()] == ["k4q95w5"]
    assert client.generation == "current"


def test_auto_becomes_legacy_where_only_the_old_list_answers(served: Served) -> None:
    served.on(SEARCH, TRAINERS)
    client = client_of(served, "auto")
    assert [run.id for run in client.list_runs(base_model="m")] == ["t1"]
    assert client.generation == "legacy"
    served.asked.clear()
    client.list_runs()
    assert served.routes == [SEARCH]


def test_auto_finds_out_by_checkpoints_too(served: Served) -> None:
    served.on(SEARCH, TRAINERS)
    served.on(place("t1", "s1"), {"checkpoints": [row("c1", "t1")]})
    client = client_of(served, "auto")
    assert list(client.list_checkpoints(run_id="t1")) == [checkpoint("c1", "t1")]
    assert client.generation == "legacy"


def test_auto_is_not_misled_by_an_unknown_run(served: Served) -> None:
    served.on("GET /v1/loops/runs", document.RUNS)
    served.on(SEARCH, {"trainers": []})
    client = client_of(served, "auto")
    with pytest.raises(errors.NotFound):
        client.list_checkpoints(run_id="gone")
    assert client.generation == "current"


@pytest.mark.parametrize("status", [404, 401, 500])
def test_auto_stays_auto_where_neither_answers(served: Served, status: int) -> None:
    served.on(SEARCH, Answer(status))
    client = client_of(served, "auto")
    with pytest.raises(errors.NotFound):
        client.list_runs()
    assert client.generation == "auto"


def test_current_never_falls_back(served: Served) -> None:
    served.on(SEARCH, TRAINERS)
    with pytest.raises(errors.NotFound):
        client_of(served, "current").list_runs()
    assert served.routes == ["GET /v1/loops/runs"]
