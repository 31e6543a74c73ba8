"""Undocumented routes and fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.types import (
    Deactivated,
    Deployment,
    InstanceType,
    Run,
    Sampler,
)
from loopsweb.loops_api.undocumented_types import Enablement, SupportedModel
from tests.loops_api.instance_types import H100, H100_RAW
from tests.loops_api.scripted_server import ScriptedResponse, ScriptedServer

SAMPLER_RAW = {
    "id": "samp1",
    "base_url": "https://s",
    "base_model": "m",
    "created_at": "2026-11-01T08:30:00.250000Z",
    "model_id": "mod1",
    "deployment_id": "inf1",
    "status": {"name": "WAKING_UP"},
    "user": {"email": "alice@example.com"},
    "instance_type": H100_RAW,
    "node_count": 2,
}
SAMPLER = Sampler(
    id="samp1",
    base_url="https://s",
    base_model="m",
    created_at=datetime(2026, 11, 1, 8, 30, 0, 250_000, UTC),
    model_id="mod1",
    deployment_id="inf1",
    status="WAKING_UP",
    owner_email="alice@example.com",
    instance_type=H100,
    node_count=2,
    raw=SAMPLER_RAW,
)


def test_a_run_with_every_field(client: Client, server: ScriptedServer) -> None:
    raw = {
        "id": "r1",
        "session_id": "s1",
        "base_model": "m",
        "base_url": "https://r",
        "name": "reward model",
        "created_at": "2026-11-01T08:30:00Z",
        "status": {"name": "ACTIVE"},
        "user": {"email": "alice@example.com"},
        "deployment_id": "d1",
        "sampler": SAMPLER_RAW,
        "lora_config_version": "v1",
        "base_checkpoint": "hf://org/repo@rev",
    }
    server.set_responses("GET /v1/loops/runs", {"runs": [raw]})
    assert list(client.list_runs()) == [
        Run(
            id="r1",
            session_id="s1",
            base_model="m",
            base_checkpoint="hf://org/repo@rev",
            lora_config_version="v1",
            base_url="https://r",
            name="reward model",
            created_at=datetime(2026, 11, 1, 8, 30, tzinfo=UTC),
            status="ACTIVE",
            owner_email="alice@example.com",
            deployment_id="d1",
            sampler=SAMPLER,
            raw=raw,
        )
    ]


@pytest.mark.parametrize(
    ("raw", "is_serverless"),
    [({"deployment_id": None}, True), ({}, False), ({"deployment_id": "d1"}, False)],
)
def test_a_run_is_serverless_if_its_deployment_id_is_null(
    client: Client, server: ScriptedServer, raw: dict[str, object], is_serverless: bool
) -> None:
    server.set_responses("GET /v1/loops/runs/r1", {"run": {"id": "r1", "sampler": None} | raw})
    found = client.get_run("r1")
    assert (found.is_serverless, found.sampler) == (is_serverless, None)


def test_a_deployment_with_every_field(client: Client, server: ScriptedServer) -> None:
    raw = {
        "id": "d1",
        "base_model": "m",
        "base_url": "https://d",
        "status": {"name": "DEPLOYING"},
        "active_run_id": "r2",
        "latest_run_id": "r3",
        "user": {"email": "alice@example.com"},
        "created_at": "2026-11-01T08:30:00",
        "availability_model": "spot",
        "instance_type": H100_RAW,
        "node_count": 4,
        "sampler": SAMPLER_RAW,
    }
    server.set_responses("GET /v1/loops/deployments", {"deployments": [raw]})
    (found,) = client.list_deployments(scope="org")
    assert found == Deployment(
        id="d1",
        base_model="m",
        base_url="https://d",
        status="DEPLOYING",
        active_run_id="r2",
        latest_run_id="r3",
        owner_email="alice@example.com",
        created_at=datetime(2026, 11, 1, 8, 30, tzinfo=UTC),
        availability_model="spot",
        instance_type=H100,
        node_count=4,
        sampler=SAMPLER,
        raw=raw,
    )
    assert found.gpus_held == 32


@pytest.mark.parametrize(
    ("status", "instance_type", "node_count", "held"),
    [
        ("RUNNING", H100, 2, 16),
        ("A_NEW_WORD", H100, 1, 8),
        ("SCALED_TO_ZERO", H100, 2, 0),
        ("STOPPED", None, None, 0),
        ("FAILED", H100, 1, 0),
        ("PREEMPTED", H100, 1, 0),
        (None, H100, 1, None),
        ("RUNNING", None, 1, None),
        ("RUNNING", H100, None, None),
        ("RUNNING", InstanceType(id="odd"), 1, None),
    ],
)
def test_gpus_held(
    status: str | None,
    instance_type: InstanceType | None,
    node_count: int | None,
    held: int | None,
) -> None:
    deployment = Deployment(
        id="d", status=status, instance_type=instance_type, node_count=node_count, raw={}
    )
    assert deployment.gpus_held == held


def test_create_trainer(client: Client, server: ScriptedServer) -> None:
    server.set_responses("POST /v1/loops/trainers", {"run": {"id": "r1", "sampler": None}})
    made = client.create_trainer(session_id="s", base_model="m", seed=None)
    assert made == Run(id="r1", raw={"id": "r1", "sampler": None})
    assert json.loads(server.requests[-1].body) == {"session_id": "s", "base_model": "m"}


def test_get_capabilities(client: Client, server: ScriptedServer) -> None:
    refused = {"reason": "a_new_word", "reason_detail": "Not yet.", "remediation": "Ask."}
    server.set_responses(
        "GET /v1/loops/capabilities",
        {
            "supported_models": [
                {"model_name": "m", "max_context_length": 9, "supports_vision_language": True},
                {"model_name": "n"},
                {
                    "model_name": "o",
                    "max_seq_len": 9,
                    "max_enabled_seq_len": 0,
                    "enabled": False,
                    "serverless": None,
                    "enablement_details": refused,
                },
                {"max_context_length": 9},
            ]
        },
    )
    assert client.get_capabilities() == (
        SupportedModel(model_name="m", max_context_length=9, supports_vision_language=True),
        SupportedModel(model_name="n"),
        SupportedModel(
            model_name="o",
            max_seq_len=9,
            max_enabled_seq_len=0,
            enabled=False,
            enablement_details=Enablement(**refused),
        ),
    )
    assert server.requests[-1].query == ""
    client.get_capabilities(model="a/b", use_case="sft", max_seq_len=5)
    assert server.requests[-1].query == "model=a%2Fb&use_case=sft&max_seq_len=5"


def test_a_missing_route_is_not_found(client: Client) -> None:
    with pytest.raises(errors.NotFound):
        client.get_capabilities()


def test_validate_checkpoint(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        "POST /v1/loops/checkpoints/validate",
        {},
        {},
        ScriptedResponse(400, b'{"message": "unknown run"}'),
    )
    client.validate_checkpoint("bt://loops:r/weights/w")
    assert json.loads(server.requests[-1].body) == {"checkpoint_path": "bt://loops:r/weights/w"}
    client.validate_checkpoint("bt://loops:r/weights/w", run_id="x")
    assert json.loads(server.requests[-1].body)["run_id"] == "x"
    with pytest.raises(errors.BadRequest, match="unknown run"):
        client.validate_checkpoint("bt://loops:x/weights/w")


def test_deactivate_run_and_sampler(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        "POST /v1/loops/runs/r1/deactivate", {"id": "r1", "user": {"email": "a@b.c"}}
    )
    server.set_responses("POST /v1/loops/samplers/s1/deactivate", {})
    assert client.deactivate_run("r1") == Deactivated(
        id="r1", owner_email="a@b.c", raw={"id": "r1", "user": {"email": "a@b.c"}}
    )
    assert client.deactivate_sampler("s1") == Deactivated(raw={})
