"""Files by the legacy routes, which know checkpoints by their name."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from loopsweb.loops_api import Client, errors, parsers
from loopsweb.loops_api.omissions import fill_omissions
from loopsweb.loops_api.types import Checkpoint, FilePage
from loopsweb.simulator import Simulator
from tests.loops_api import documented_examples
from tests.loops_api.conftest import BASE, build_client
from tests.loops_api.scripted_server import ScriptedServer

SEARCH = "POST /v1/trainers/search"
TRAINERS = {
    "trainers": [
        {"trainer_id": "t0", "session_id": None},
        {"trainer_id": "t1", "session_id": "s1"},
        {"trainer_id": "t2", "session_id": "s2"},
    ]
}
LIST_1 = "GET /v1/trainer_sessions/s1/trainers/t1/checkpoints"
LIST_2 = "GET /v1/trainer_sessions/s2/trainers/t2/checkpoints"
FILES_2 = f"{LIST_2}/step 1/files"
TRAINER = {"id": "c1", "target": "trainer", "checkpoint_id": "step 1", "size_bytes": 30}
SAMPLER = {"id": "c2", "target": "sampler", "checkpoint_id": "step 1", "size_bytes": 10}


@pytest.fixture
def legacy(server: ScriptedServer) -> Client:
    server.set_responses(SEARCH, TRAINERS)
    server.set_responses(LIST_1, {"checkpoints": []})
    server.set_responses(LIST_2, {"checkpoints": [TRAINER]})
    server.set_responses(FILES_2, documented_examples.FILES)
    return build_client(server, "legacy")


def build_page(*sizes: int | None, next_token: int | None = None) -> dict[str, Any]:
    urls = [{"url": f"https://s3/{number}", "size_bytes": one} for number, one in enumerate(sizes)]
    return {"presigned_urls": urls, "next_page_token": next_token}


def test_files_are_asked_for_by_name(legacy: Client, server: ScriptedServer) -> None:
    assert legacy.list_files("c1", 50, 3).total_count == 1
    assert server.requests[-1].query == "page_size=50&page_token=3"
    assert legacy.list_files("c1").total_count == 1
    assert server.routes == [SEARCH, LIST_1, LIST_2, FILES_2, FILES_2]


def test_a_known_run_is_searched_alone(legacy: Client, server: ScriptedServer) -> None:
    assert legacy.list_files("c1", run_id="t2").total_count == 1
    assert server.routes == [SEARCH, LIST_2, FILES_2]


@pytest.mark.parametrize("run_id", [None, "t1", "t0", "gone"])
def test_files_of_an_unknown_checkpoint_are_not_found(
    legacy: Client, server: ScriptedServer, run_id: str | None
) -> None:
    with pytest.raises(errors.NotFound):
        legacy.list_files("c9", run_id=run_id)
    assert FILES_2 not in server.routes


def test_a_checkpoint_without_an_id_has_its_uri(legacy: Client, server: ScriptedServer) -> None:
    row = {"trainer_id": "t2", "target": "trainer", "checkpoint_id": "step 1"}
    bare = {"checkpoint_id": "step 2"}
    server.set_responses(LIST_2, {"checkpoints": [row, bare, {"target": "trainer"}]})
    listed = legacy.list_checkpoints(run_id="t2")
    assert list(listed) == [
        Checkpoint(
            id="bt://loops:t2/weights/step 1",
            run_id="t2",
            target="trainer",
            name="step 1",
            raw=row,
        ),
        Checkpoint(id="t2/step 2", run_id="t2", name="step 2", raw=bare),
    ]
    assert listed.skipped == 1
    assert legacy.list_files("bt://loops:t2/weights/step 1").total_count == 1


def test_an_omission_is_filled_in_without_an_id() -> None:
    row = {"target": "trainer", "checkpoint_id": "step 1"}
    found = parsers.parse_legacy_checkpoint(row, run_id="t2")
    assert found is not None
    filled, omitted = fill_omissions(found, {**row, "size_bytes": 30})
    assert (filled.id, filled.size_bytes, omitted) == (found.id, 30, ["size_bytes"])


def test_files_of_two_of_one_name_are_told_by_size(legacy: Client, server: ScriptedServer) -> None:
    server.set_responses(LIST_2, {"checkpoints": [TRAINER, SAMPLER]})
    page = build_page(25, 5)
    server.set_responses(FILES_2, build_page(25, next_token=1), build_page(5), page)
    assert [file.size_bytes for file in legacy.list_files("c1").files] == [25, 5]
    server.set_responses(FILES_2, page)
    with pytest.raises(errors.AmbiguousName) as caught:
        legacy.list_files("c2")
    assert caught.value.may_have_been_received is False


@pytest.mark.parametrize(
    ("sizes", "page"),
    [
        ((30, 30), build_page(30)),
        ((None, None), build_page(30)),
        ((30, 10), build_page(None)),
        ((None, 10), build_page(None)),
        ((30, 10), build_page(30, next_token=0)),
    ],
)
def test_files_that_cannot_be_told_apart_are_refused(
    legacy: Client, server: ScriptedServer, sizes: tuple[Any, Any], page: dict[str, Any]
) -> None:
    rows = [TRAINER | {"size_bytes": sizes[0]}, SAMPLER | {"size_bytes": sizes[1]}]
    server.set_responses(LIST_2, {"checkpoints": rows})
    server.set_responses(FILES_2, page)
    with pytest.raises(errors.AmbiguousName):
        legacy.list_files("c1")


def test_the_simulator_knows_names_only() -> None:
    simulator = Simulator(generation="documented")
    http = httpx.WSGITransport(app=simulator)
    client = Client(base_url=BASE, key="demo-org-key", generation="legacy", http=http)
    trainer, sampler = list(simulator.world.checkpoints.values())[:2]
    assert trainer.name == sampler.name
    files = list(client.iter_files(trainer.id, 1))
    assert sum(file.size_bytes or 0 for file in files) == trainer.size_bytes
    with pytest.raises(errors.AmbiguousName):
        client.list_files(sampler.id)
    simulator.world.remove_checkpoint(trainer)
    assert isinstance(client.list_files(sampler.id, run_id=sampler.run.id), FilePage)
