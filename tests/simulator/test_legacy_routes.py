"""The seven legacy routes, which documented servers have and current ones do not."""

from __future__ import annotations

from typing import Any

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.route_table import LEGACY
from tests.simulator.http_calls import send_request

SESSION = "/v1/trainer_sessions/s"
CHECKPOINT = {
    "id": "c-trainer",
    "trainer_id": "t",
    "target": "trainer",
    "checkpoint_id": "step-100",
    "created_at": "2026-05-07T10:00:00Z",
    "checkpoint_type": "lora",
    "base_model": "Qwen/Qwen3-8B",
    "lora_adapter_config": None,
    "size_bytes": 7,
    "sync_status": "COMPLETE",
}


@pytest.fixture
def small(old: Simulator) -> Simulator:
    world = old.world
    world.clear()
    run = world.add_run(id="t", session=world.add_session(id="s"))
    for target in ("trainer", "sampler"):
        saved = world.add_checkpoint(run=run, id=f"c-{target}", target=target, size_bytes=7)
        saved.lora_adapter_config = None
    return old


def test_newer_servers_have_no_legacy_routes(sim: Simulator) -> None:
    assert len(LEGACY) == 7
    for route in LEGACY:
        assert (
            send_request(sim, str(route), {} if route.method == "POST" else None).status_code == 404
        )


def test_trainers_are_searched(small: Simulator) -> None:
    trainer = {"trainer_id": "t", "session_id": "s", "base_model": "Qwen/Qwen3-8B"}
    for body in ({}, None, {"trainer_id": "t"}, {"trainer_id": None}):
        found = send_request(small, "POST /v1/trainers/search", body)
        assert found.json() == {"trainers": [trainer]}
    assert send_request(small, "POST /v1/trainers/search", {"trainer_id": "x"}).json() == {
        "trainers": []
    }
    assert send_request(small, "POST /v1/trainers/search", {"trainer_id": 5}).status_code == 400


@pytest.mark.parametrize("scheme", ["loops", "trainers"])
def test_a_checkpoint_is_found_by_its_uri(small: Simulator, scheme: str) -> None:
    body = {"checkpoint_path": f"bt://{scheme}:t/weights/step-100"}
    found = send_request(small, "POST /v1/trainers/checkpoints/search", body)
    assert found.json() == {"checkpoint": CHECKPOINT}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"checkpoint_path": "step-100"}, 400),
        ({"checkpoint_path": "bt://trainers:t/weights/step-9"}, 404),
    ],
)
def test_an_invalid_search_is_refused(small: Simulator, body: Any, status: int) -> None:
    assert send_request(small, "POST /v1/trainers/checkpoints/search", body).status_code == status


def test_session_trainer_and_sampling_server_are_created(small: Simulator) -> None:
    session = send_request(small, "POST /v1/trainer_sessions", {"training_project_id": "p"}).json()
    session_id = session["session"]["id"]
    path = f"/v1/trainer_sessions/{session_id}"
    body = {
        "model": "Qwen/Qwen3-8B",
        "lora_rank": 16,
        "max_seq_len": 4096,
        "seed": 1,
        "scale_down_delay_seconds": 7200,
        "checkpoint_path": "bt://trainers:t/weights/step-100",
    }
    made = send_request(small, f"POST {path}/trainers", body).json()["trainer_server"]
    run = small.world.runs[made["id"]]
    assert run.sampler is not None
    assert made == {
        "id": run.id,
        "base_url": run.base_url,
        "sampling_server": {"id": run.sampler.id, "base_url": run.sampler.base_url},
    }
    kept = (run.session_id, run.lora_rank, run.max_seq_len, run.scale_down_delay_seconds, run.path)
    assert kept == (session_id, 16, 4096, 7200, body["checkpoint_path"])
    body = {"model": "Qwen/Qwen3-8B", "max_seq_length": 4096}
    body["checkpoint_path"] = "bt://trainers:t/sampler_weights/step-100"
    served = send_request(small, f"POST {path}/samplers", body).json()["sampling_server"]
    sampler = small.world.samplers[served["id"]]
    assert served == {"id": sampler.id, "base_url": sampler.base_url}


@pytest.mark.parametrize("noun", ["trainers", "samplers"])
def test_a_model_is_required(small: Simulator, noun: str) -> None:
    assert send_request(small, f"POST {SESSION}/{noun}", {}).status_code == 400
    assert send_request(small, f"POST {SESSION}/{noun}", {"model": 5}).status_code == 400
    gone = send_request(small, f"POST /v1/trainer_sessions/x/{noun}", {"model": "Qwen/Qwen3-8B"})
    assert gone.status_code == 404


@pytest.mark.parametrize("name", ["name", "base_model", "path", "session_id", "max_seq_length"])
def test_unknown_fields_are_refused(small: Simulator, name: str) -> None:
    body = {"model": "Qwen/Qwen3-8B", name: "x"}
    refused = send_request(small, f"POST {SESSION}/trainers", body)
    assert (refused.status_code, name in refused.json()["message"]) == (422, True)
    assert list(small.world.runs) == ["t"]


def test_checkpoints_are_listed(small: Simulator) -> None:
    served = CHECKPOINT | {"id": "c-sampler", "target": "sampler"}
    found = send_request(small, f"GET {SESSION}/trainers/t/checkpoints").json()
    assert found == {"trainer_id": "t", "checkpoints": [CHECKPOINT, served]}
    assert (
        send_request(small, "GET /v1/trainer_sessions/x/trainers/t/checkpoints").status_code == 404
    )
    assert send_request(small, f"GET {SESSION}/trainers/x/checkpoints").status_code == 404


def test_files_are_listed_by_name_only(small: Simulator) -> None:
    legacy = send_request(small, f"GET {SESSION}/trainers/t/checkpoints/step-100/files?page_size=1")
    assert (
        legacy.json()
        == send_request(small, "GET /v1/loops/checkpoints/c-trainer/files?page_size=1").json()
    )
    for other in ("x", "c-trainer"):
        path = f"{SESSION}/trainers/t/checkpoints/{other}/files"
        assert send_request(small, f"GET {path}").status_code == 404
