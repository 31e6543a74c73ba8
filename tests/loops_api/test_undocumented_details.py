"""Undocumented routes of current servers: logs, metrics, prices, identity, TTL and deletion."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.types import Checkpoint, InstanceType
from loopsweb.loops_api.undocumented_types import (
    DeletedCheckpoint,
    Identity,
    LogLine,
    Metrics,
    Price,
)
from tests.loops_api.instance_types import H100, H100_RAW
from tests.loops_api.scripted_server import ScriptedResponse, ScriptedServer

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
    answer = {"id": "c1", "run_id": "r1", "checkpoint_id": "step-1", "target": "trainer"}
    path = "bt://loops:r1/weights/step-1"
    server.set_responses(
        "DELETE /v1/loops/checkpoints/c1",
        answer | {"path": path},
        ScriptedResponse(204, b""),
        ScriptedResponse(409, b'{"message": "in use by sampler samp1"}'),
    )
    assert client.delete_checkpoint("c1") == DeletedCheckpoint(
        id="c1", run_id="r1", name="step-1", target="trainer", path=path
    )
    assert client.delete_checkpoint("c1") == DeletedCheckpoint(id="c1")
    with pytest.raises(errors.Conflict, match="in use by sampler samp1"):
        client.delete_checkpoint("c1")
    assert server.routes == ["DELETE /v1/loops/checkpoints/c1"] * 3


@pytest.mark.parametrize("answer", [{}, {"keys": None}, {"keys": {}}, "[]", "<html>"])
def test_a_response_without_its_list_is_malformed(
    client: Client, server: ScriptedServer, answer: dict[str, object] | str
) -> None:
    server.set_responses("GET /v1/api_keys", answer)
    with pytest.raises(errors.MalformedResponse):
        client.list_api_keys()
