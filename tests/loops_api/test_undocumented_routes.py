"""Undocumented routes and fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.types import (
    ApiKeyInfo,
    Checkpoint,
    Deactivated,
    Deployment,
    Identity,
    InstanceType,
    LogLine,
    Metrics,
    Price,
    Run,
    Sampler,
    SupportedModel,
)
from tests.loops_api.scripted_server import ScriptedResponse, ScriptedServer

H100 = InstanceType(
    id="h100x8",
    name="H100:8x",
    memory_limit_mib=1_900_544,
    millicpu_limit=190_000,
    gpu_count=8,
    gpu_type="H100",
    gpu_memory_limit_mib=81_920,
)
H100_RAW = {
    "id": "h100x8",
    "name": "H100:8x",
    "memory_limit_mib": 1_900_544,
    "millicpu_limit": 190_000,
    "gpu_count": 8,
    "gpu_type": "H100",
    "gpu_memory_limit_mib": 81_920,
}
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
CHECKPOINT_RAW = {
    "id": "c1",
    "run_id": "r1",
    "target": "sampler",
    "checkpoint_id": "step-100",
    "lora_config": {"config_version": "v1", "targets": ["q_proj"]},
    "expires_at": "2026-12-01T00:00:00+02:00",
}
CHECKPOINT = Checkpoint(
    id="c1",
    run_id="r1",
    target="sampler",
    name="step-100",
    lora_config={"config_version": "v1", "targets": ["q_proj"]},
    expires_at=datetime(2026, 11, 30, 22, tzinfo=UTC),
    raw=CHECKPOINT_RAW,
)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOON_MILLIS = 1_795_435_200_000


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
    }
    server.set_responses("GET /v1/loops/runs", {"runs": [raw]})
    assert list(client.list_runs()) == [
        Run(
            id="r1",
            session_id="s1",
            base_model="m",
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
    server.set_responses(
        "GET /v1/loops/capabilities",
        {
            "supported_models": [
                {"model_name": "m", "max_context_length": 9, "supports_vision_language": True},
                {"model_name": "n"},
                {"max_context_length": 9},
            ]
        },
    )
    assert client.get_capabilities() == (
        SupportedModel(model_name="m", max_context_length=9, supports_vision_language=True),
        SupportedModel(model_name="n"),
    )


def test_a_missing_route_is_not_found(client: Client) -> None:
    with pytest.raises(errors.NotFound):
        client.get_capabilities()


def test_validate_checkpoint(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        "POST /v1/loops/checkpoints/validate",
        {},
        ScriptedResponse(400, b'{"message": "unknown run"}'),
    )
    client.validate_checkpoint("bt://loops:r/weights/w")
    assert json.loads(server.requests[-1].body) == {"checkpoint_path": "bt://loops:r/weights/w"}
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


def test_list_logs(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        "GET /v1/loops/deployments/d1/logs",
        {
            "logs": [
                {
                    "timestamp": "1795435200123456789",
                    "message": "loss 0.5",
                    "replica": "a",
                    "request_id": "q",
                    "level": "INFO",
                },
                {"timestamp": "1795435200000000000", "message": ""},
                {"timestamp": "yesterday", "message": "no time"},
                {"timestamp": "1795435200000000000"},
            ]
        },
    )
    lines = client.list_logs(
        "d1",
        start=NOON - timedelta(hours=1),
        end=NOON.astimezone(timezone(timedelta(hours=9))),
        direction="asc",
        limit=7,
        min_level="ERROR",
    )
    assert lines == (
        LogLine(
            at=NOON.replace(microsecond=123_456),
            message="loss 0.5",
            replica="a",
            request_id="q",
            level="INFO",
        ),
        LogLine(at=NOON, message=""),
    )
    assert server.requests[-1].query == (
        f"start_epoch_millis={NOON_MILLIS - 3_600_000}&end_epoch_millis={NOON_MILLIS}"
        "&direction=asc&limit=7&min_level=ERROR"
    )
    client.list_logs("d1", start=NOON, end=NOON)
    assert server.requests[-1].query == (
        f"start_epoch_millis={NOON_MILLIS}&end_epoch_millis={NOON_MILLIS}&direction=desc&limit=500"
    )


def test_get_metrics(client: Client, server: ScriptedServer) -> None:
    series = {"cpu_usage": [{"timestamp": "2026-11-23T12:00:00Z", "value": 1.5}]}
    server.set_responses(
        "POST /v1/loops/deployments/d1/metrics", {"deployment_id": "d1", "metrics": series}
    )
    found = client.get_metrics("d1", start=NOON, end=NOON, step_seconds=60)
    assert found == Metrics(deployment_id="d1", metrics=series)
    assert json.loads(server.requests[-1].body) == {
        "start_epoch_millis": NOON_MILLIS,
        "end_epoch_millis": NOON_MILLIS,
        "step_seconds": 60,
    }
    client.get_metrics("d1", start=NOON, end=NOON)
    assert sorted(json.loads(server.requests[-1].body)) == [
        "end_epoch_millis",
        "start_epoch_millis",
    ]


def test_get_identity(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        "GET /v1/users/me",
        {"user_id": "u1", "email": "a@b.c", "name": "Alice", "workspace_name": "Acme"},
        {"user_id": "u1"},
    )
    assert client.get_identity() == Identity(
        user_id="u1", email="a@b.c", name="Alice", workspace_name="Acme"
    )
    assert client.get_identity() == Identity(user_id="u1")


def test_prices_are_exact(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        "GET /v1/instance_type_prices",
        {
            "instance_types": [
                {"instance_type": H100_RAW, "price": 0.10833},
                {"instance_type": {"id": "cpu"}, "price": 0},
                {"instance_type": {"id": "free"}, "price": None},
                {"instance_type": {"id": "odd"}, "price": -1},
            ]
        },
    )
    assert client.list_prices() == (
        Price(instance_type=H100, price_per_minute=Decimal("0.10833")),
        Price(instance_type=InstanceType(id="cpu"), price_per_minute=Decimal(0)),
    )


def test_list_instance_types(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/instance_types", {"instance_types": [H100_RAW]})
    assert client.list_instance_types() == (H100,)


@pytest.mark.parametrize("answer", [CHECKPOINT_RAW, {"checkpoint": CHECKPOINT_RAW}])
@pytest.mark.parametrize("ttl_seconds", [3600, None])
def test_set_checkpoint_ttl(
    client: Client, server: ScriptedServer, answer: dict[str, object], ttl_seconds: int | None
) -> None:
    server.set_responses("PUT /v1/loops/checkpoints/c1/ttl", answer)
    assert client.set_checkpoint_ttl("c1", ttl_seconds) == CHECKPOINT
    assert json.loads(server.requests[-1].body) == {"ttl_seconds": ttl_seconds}


def test_delete_checkpoint(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        "DELETE /v1/loops/checkpoints/c1",
        ScriptedResponse(204, b""),
        ScriptedResponse(409, b'{"message": "in use by sampler samp1"}'),
    )
    client.delete_checkpoint("c1")
    with pytest.raises(errors.Conflict, match="in use by sampler samp1"):
        client.delete_checkpoint("c1")
    assert server.routes == ["DELETE /v1/loops/checkpoints/c1"] * 2


def test_list_api_keys(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        "GET /v1/api_keys",
        {
            "keys": [
                {"prefix": "abc", "name": "laptop", "type": "PERSONAL"},
                {"prefix": "xyz", "name": None, "type": "WORKSPACE_MANAGE_ALL"},
            ]
        },
    )
    assert client.list_api_keys() == (
        ApiKeyInfo(prefix="abc", name="laptop", type="PERSONAL"),
        ApiKeyInfo(prefix="xyz", type="WORKSPACE_MANAGE_ALL"),
    )


@pytest.mark.parametrize("answer", [{}, {"keys": None}, {"keys": {}}, "[]", "<html>"])
def test_a_response_without_its_list_is_malformed(
    client: Client, server: ScriptedServer, answer: dict[str, object] | str
) -> None:
    server.set_responses("GET /v1/api_keys", answer)
    with pytest.raises(errors.MalformedResponse):
        client.list_api_keys()
