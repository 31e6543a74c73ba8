"""Every documented route: the request, and the documented example field by field."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from loopsweb.loops_api import Client
from loopsweb.loops_api.types import (
    Checkpoint,
    CheckpointFile,
    Deactivated,
    Deployment,
    FilePage,
    Run,
    Sampler,
    Session,
)
from tests.loops_api import documented_examples
from tests.loops_api.conftest import KEY
from tests.loops_api.scripted_server import ScriptedServer

TRAINER_URL = "https://model-abc123.api.baseten.co/deployment/dep456/sync"
SAMPLER_URL = "https://model-ghi012.api.baseten.co/deployment/dep345/sync"
TEN = datetime(2025, 5, 7, 10, tzinfo=UTC)

SAMPLER_RAW = {"id": "samp_def789", "base_url": SAMPLER_URL}
SAMPLER = Sampler(id="samp_def789", base_url=SAMPLER_URL, raw=SAMPLER_RAW)
RUN = Run(
    id="k4q95w5",
    base_url=TRAINER_URL,
    sampler=SAMPLER,
    raw=json.loads(documented_examples.RUN)["run"],
)
DEPLOYMENT = Deployment(
    id="dep_def456",
    base_model="Qwen/Qwen3-8B",
    base_url=TRAINER_URL,
    status="RUNNING",
    raw=json.loads(documented_examples.DEPLOYMENT)["deployment"],
)


def last_body(server: ScriptedServer) -> object:
    return json.loads(server.requests[-1].body)


def test_create_session(client: Client, server: ScriptedServer) -> None:
    server.set_responses("POST /v1/loops/sessions", documented_examples.SESSION)
    assert client.create_session() == Session(id="sess_xyz789", raw={"id": "sess_xyz789"})
    assert last_body(server) == {}
    client.create_session("proj_1")
    assert last_body(server) == {"training_project_id": "proj_1"}


def test_get_session(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/sessions/sess_xyz789", documented_examples.SESSION)
    assert client.get_session("sess_xyz789").id == "sess_xyz789"


def test_create_run_sends_given_fields_only(client: Client, server: ScriptedServer) -> None:
    server.set_responses("POST /v1/loops/runs", documented_examples.RUN)
    made = client.create_run(
        session_id="sess_xyz789", base_model="Qwen/Qwen3-8B", lora_rank=64, max_seq_len=131072
    )
    assert made == RUN
    assert last_body(server) == {
        "session_id": "sess_xyz789",
        "base_model": "Qwen/Qwen3-8B",
        "lora_rank": 64,
        "max_seq_len": 131072,
    }


def test_create_run_sends_every_field(client: Client, server: ScriptedServer) -> None:
    server.set_responses("POST /v1/loops/runs", documented_examples.RUN)
    client.create_run(
        session_id="s",
        base_model="m",
        max_seq_len=1,
        lora_rank=2,
        seed=0,
        scale_down_delay_seconds=4,
        path="bt://loops:r/weights/w",
        name="n",
        availability_model="spot",
        replicas=5,
        reuse_from_run_id="r",
    )
    assert last_body(server) == {
        "session_id": "s",
        "base_model": "m",
        "max_seq_len": 1,
        "lora_rank": 2,
        "seed": 0,
        "scale_down_delay_seconds": 4,
        "path": "bt://loops:r/weights/w",
        "name": "n",
        "availability_model": "spot",
        "replicas": 5,
        "reuse_from_run_id": "r",
    }


def test_list_runs(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/runs", documented_examples.RUNS)
    assert list(client.list_runs(base_model="Qwen/Qwen3-8B")) == [
        Run(
            id="k4q95w5",
            session_id="sess_xyz789",
            base_model="Qwen/Qwen3-8B",
            raw=json.loads(documented_examples.RUNS)["runs"][0],
        )
    ]
    assert server.requests[-1].query == "base_model=Qwen%2FQwen3-8B"
    client.list_runs(run_id="k4q95w5", scope="org")
    assert server.requests[-1].query == "run_id=k4q95w5&scope=org"
    client.list_runs()
    assert server.requests[-1].query == ""


def test_get_run(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/runs/k4q95w5", documented_examples.RUN)
    assert client.get_run("k4q95w5") == RUN


def test_create_sampler(client: Client, server: ScriptedServer) -> None:
    server.set_responses("POST /v1/loops/samplers", documented_examples.SAMPLER)
    made = client.create_sampler(
        session_id="sess_xyz789",
        base_model="Qwen/Qwen3-8B",
        model_path="bt://loops:k4q95w5/sampler_weights/step-100",
    )
    assert made == SAMPLER
    assert last_body(server) == {
        "session_id": "sess_xyz789",
        "base_model": "Qwen/Qwen3-8B",
        "model_path": "bt://loops:k4q95w5/sampler_weights/step-100",
    }


def test_list_samplers(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/samplers", documented_examples.SAMPLERS)
    assert list(client.list_samplers()) == [SAMPLER]
    client.list_samplers(scope="org")
    assert [request.query for request in server.requests] == ["", "scope=org"]


def test_get_sampler(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/samplers/samp_def789", documented_examples.SAMPLER)
    assert client.get_sampler("samp_def789") == SAMPLER


def test_list_checkpoints(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/checkpoints", documented_examples.CHECKPOINTS)
    (found,) = client.list_checkpoints(run_id="k4q95w5")
    assert found == Checkpoint(
        id="chkpt_abc123",
        run_id="k4q95w5",
        target="trainer",
        name="step-100",
        created_at=TEN,
        checkpoint_type="lora",
        base_model="Qwen/Qwen3-8B",
        size_bytes=524288000,
        sync_status="COMPLETE",
        raw=json.loads(documented_examples.CHECKPOINTS)["checkpoints"][0],
    )
    assert found.uri == "bt://loops:k4q95w5/weights/step-100"


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({"run_id": "k4q95w5"}, "run_id=k4q95w5"),
        ({"base_model": "Qwen/Qwen3-8B"}, "base_model=Qwen%2FQwen3-8B"),
        (
            {"checkpoint_path": "bt://loops:r/weights/a b&c"},
            "checkpoint_path=bt%3A%2F%2Floops%3Ar%2Fweights%2Fa%20b%26c",
        ),
    ],
)
def test_list_checkpoints_by_each_filter(
    client: Client, server: ScriptedServer, filters: dict[str, str], query: str
) -> None:
    server.set_responses("GET /v1/loops/checkpoints", documented_examples.CHECKPOINTS)
    client.list_checkpoints(**filters)
    assert server.requests[-1].query == query


@pytest.mark.parametrize("filters", [{}, {"run_id": "r", "base_model": "m"}])
def test_list_checkpoints_needs_exactly_one_filter(
    client: Client, server: ScriptedServer, filters: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        client.list_checkpoints(**filters)
    assert server.requests == []


def test_list_files(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/checkpoints/chkpt_abc123/files", documented_examples.FILES)
    assert client.list_files("chkpt_abc123", page_size=50, page_token=0) == FilePage(
        files=(
            CheckpointFile(
                url="https://s3.amazonaws.com/...",
                relative_file_name="adapter_model.safetensors",
                node_rank=0,
                size_bytes=524288000,
                last_modified=TEN,
            ),
        ),
        next_page_token=None,
        total_count=1,
    )
    assert server.requests[-1].query == "page_size=50&page_token=0"
    client.list_files("chkpt_abc123")
    assert server.requests[-1].query == ""


def test_list_deployments(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/deployments", documented_examples.DEPLOYMENTS)
    assert list(client.list_deployments()) == [DEPLOYMENT]


def test_deactivate_deployment(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        "POST /v1/loops/deployments/dep_def456/deactivate", documented_examples.DEACTIVATED
    )
    assert client.deactivate_deployment("dep_def456") == Deactivated(
        id="dep_def456",
        base_model="Qwen/Qwen3-8B",
        owner_email="user@example.com",
        raw=json.loads(documented_examples.DEACTIVATED),
    )
    assert server.requests[-1].body == b""


def test_get_deployment(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/deployments/dep_def456", documented_examples.DEPLOYMENT)
    assert client.get_deployment("dep_def456") == DEPLOYMENT


def test_every_request_has_the_authorization_header(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/runs", documented_examples.RUNS)
    client.list_runs()
    assert server.requests[-1].headers["authorization"] == f"Api-Key {KEY}"
