"""The documented examples, field by field, from a documented server."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.entities import StoredFile
from tests.simulator.http_calls import send_request

RUN_URL = "https://model-abc123.api.baseten.co/deployment/dep456/sync"
SAMPLER_URL = "https://model-ghi012.api.baseten.co/deployment/dep345/sync"
SAMPLER = {"id": "samp_def789", "base_url": SAMPLER_URL}
RUN = {"id": "k4q95w5", "base_url": RUN_URL, "sampler": SAMPLER}
DEPLOYMENT = {
    "id": "dep_def456",
    "base_model": "Qwen/Qwen3-8B",
    "base_url": RUN_URL,
    "status": {"name": "RUNNING"},
}
CHECKPOINT = {
    "id": "chkpt_abc123",
    "run_id": "k4q95w5",
    "target": "trainer",
    "checkpoint_id": "step-100",
    "created_at": "2025-05-07T10:00:00Z",
    "checkpoint_type": "lora",
    "base_model": "Qwen/Qwen3-8B",
    "lora_adapter_config": None,
    "size_bytes": 524288000,
    "sync_status": "COMPLETE",
}
FILE_URL = "https://s3.amazonaws.com/..."
FILE = {
    "url": FILE_URL,
    "relative_file_name": "adapter_model.safetensors",
    "node_rank": 0,
    "size_bytes": 524288000,
    "last_modified": "2025-05-07T10:00:00Z",
}
EXAMPLES: dict[str, Any] = {
    "GET /v1/loops/sessions/sess_xyz789": {"session": {"id": "sess_xyz789"}},
    "GET /v1/loops/runs?base_model=Qwen%2FQwen3-8B": {
        "runs": [{"run_id": "k4q95w5", "session_id": "sess_xyz789", "base_model": "Qwen/Qwen3-8B"}]
    },
    "GET /v1/loops/runs/k4q95w5": {"run": RUN},
    "GET /v1/loops/samplers": {"samplers": [SAMPLER]},
    "GET /v1/loops/samplers/samp_def789": {"sampler": SAMPLER},
    "GET /v1/loops/checkpoints?run_id=k4q95w5": {"checkpoints": [CHECKPOINT]},
    "GET /v1/loops/checkpoints/chkpt_abc123/files?page_size=50&page_token=0": {
        "presigned_urls": [FILE],
        "next_page_token": None,
        "total_count": 1,
    },
    "GET /v1/loops/deployments": {"deployments": [DEPLOYMENT]},
    "GET /v1/loops/deployments/dep_def456": {"deployment": DEPLOYMENT},
    "POST /v1/loops/deployments/dep_def456/deactivate": {
        "id": "dep_def456",
        "base_model": "Qwen/Qwen3-8B",
        "user": {"email": "ada@example.com"},
    },
}


@pytest.fixture
def documented(old: Simulator) -> Simulator:
    """The world of the documented examples."""
    world = old.world
    world.clear()
    saved = datetime(2025, 5, 7, 10, tzinfo=UTC)
    session = world.add_session(id="sess_xyz789")
    sampler = world.add_sampler(id="samp_def789", session=session, base_url=SAMPLER_URL)
    run = world.add_run(id="k4q95w5", session=session, base_url=RUN_URL, sampler=sampler)
    world.add_deployment(id="dep_def456", run=run)
    checkpoint = world.add_checkpoint(
        run=run,
        id="chkpt_abc123",
        created_at=saved,
        size_bytes=524288000,
        files=[StoredFile("adapter_model.safetensors", 524288000, url=FILE_URL)],
    )
    checkpoint.lora_adapter_config = None
    return old


@pytest.mark.parametrize("route", EXAMPLES)
def test_a_response_equals_the_documented_example(documented: Simulator, route: str) -> None:
    response = send_request(documented, route)
    assert (response.status_code, response.json()) == (200, EXAMPLES[route])
    assert response.headers["content-type"] == "application/json"


def test_a_session_is_created(documented: Simulator) -> None:
    created = send_request(documented, "POST /v1/loops/sessions", {}).json()
    session_id = created["session"]["id"]
    assert created == {"session": {"id": session_id}}
    assert re.fullmatch(r"sess_[a-z0-9]+", session_id)
    assert send_request(documented, f"GET /v1/loops/sessions/{session_id}").json() == created


def test_a_run_is_created_with_its_sampler(documented: Simulator) -> None:
    body = {
        "session_id": "sess_xyz789",
        "base_model": "Qwen/Qwen3-8B",
        "lora_rank": 64,
        "max_seq_len": 131072,
    }
    created = send_request(documented, "POST /v1/loops/runs", body).json()
    run = created["run"]
    assert created == {
        "run": {
            "id": run["id"],
            "base_url": run["base_url"],
            "sampler": {"id": run["sampler"]["id"], "base_url": run["sampler"]["base_url"]},
        }
    }
    assert re.fullmatch(r"[a-z0-9]{7}", run["id"])
    assert re.fullmatch(
        r"https://model-[a-z0-9]+\.api\.baseten\.co/deployment/[a-z0-9]+/sync", run["base_url"]
    )
    assert send_request(documented, f"GET /v1/loops/runs/{run['id']}").json() == created


def test_a_sampler_is_created(documented: Simulator) -> None:
    run = documented.world.runs["k4q95w5"]
    documented.world.add_checkpoint(run=run, target="sampler")
    body = {
        "session_id": "sess_xyz789",
        "base_model": "Qwen/Qwen3-8B",
        "model_path": "bt://loops:k4q95w5/sampler_weights/step-100",
    }
    created = send_request(documented, "POST /v1/loops/samplers", body).json()
    sampler = created["sampler"]
    assert created == {"sampler": {"id": sampler["id"], "base_url": sampler["base_url"]}}
    assert send_request(documented, f"GET /v1/loops/samplers/{sampler['id']}").json() == created


def test_a_stopped_deployment_is_found_but_not_listed(documented: Simulator) -> None:
    send_request(documented, "POST /v1/loops/deployments/dep_def456/deactivate")
    assert send_request(documented, "GET /v1/loops/deployments").json() == {"deployments": []}
    stopped = {"deployment": DEPLOYMENT | {"status": {"name": "STOPPED"}}}
    assert send_request(documented, "GET /v1/loops/deployments/dep_def456").json() == stopped


def test_failed_and_preempted_deployments_are_listed(documented: Simulator) -> None:
    documented.world.add_deployment(id="dep_a", status="FAILED")
    documented.world.add_deployment(id="dep_b", status="PREEMPTED")
    listed = send_request(documented, "GET /v1/loops/deployments").json()["deployments"]
    assert [one["id"] for one in listed] == ["dep_def456", "dep_a", "dep_b"]


def test_fields_of_newer_servers_are_ignored(documented: Simulator) -> None:
    grace = documented.world.users[1]
    documented.world.add_run(owner=grace)
    mine = send_request(documented, "GET /v1/loops/runs").json()
    assert send_request(documented, "GET /v1/loops/runs?scope=org").json() == mine
