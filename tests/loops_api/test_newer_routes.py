"""Routes of the newest servers: teams, user config, deploying, deleting, bills, audit log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.errors import NOT_PRESIGNABLE
from loopsweb.loops_api.types import Run, Sampler, Session
from loopsweb.loops_api.undocumented_types import (
    ApiKeyInfo,
    BilledResource,
    CheckpointSource,
    DebugArchivePage,
    DeletedRun,
    InferenceDeployment,
    LogLine,
    Team,
    UsageSummary,
    UserConfig,
)
from tests.loops_api.conftest import build_client
from tests.loops_api.scripted_server import ScriptedResponse, ScriptedServer

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOON_MILLIS = 1_795_435_200_000


def test_optional_fields_are_not_sent_without_a_value(
    client: Client, server: ScriptedServer
) -> None:
    server.set_responses("POST /v1/loops/runs", {"run": {"id": "r"}})
    fields: dict[str, Any] = {
        "session_id": "s",
        "base_model": "m",
        "sampler_num_replicas": 2,
        "scope": "serverless",
        "reuse_from_session_id": "old",
    }
    unset: dict[str, Any] = dict.fromkeys(["max_seq_len", "scale_down_delay_seconds", "name"])
    client.create_run(**fields, **unset)
    assert json.loads(server.requests[-1].body) == fields
    server.set_responses("POST /v1/loops/samplers", {"sampler": {"id": "s"}})
    attached: dict[str, Any] = {"session_id": "s", "run_id": "r", "num_replicas": 2}
    client.create_sampler(**attached, base_model=None, availability_model=None)
    assert json.loads(server.requests[-1].body) == attached


def test_a_422_is_a_refusal(client: Client, server: ScriptedServer) -> None:
    body = b'{"message": "m is not enabled", "details": {"reason": "needs_approval"}}'
    server.set_responses("POST /v1/loops/runs", ScriptedResponse(422, body))
    with pytest.raises(errors.BadRequest, match="m is not enabled") as caught:
        client.create_run(session_id="s", base_model="m")
    assert (caught.value.may_have_been_received, caught.value.reason) == (False, "needs_approval")


@pytest.mark.parametrize(
    ("method", "name"),
    [("create_run", "sampler_num_replicas"), ("create_sampler", "run_id"), ("create_run", "scope")],
)
def test_legacy_routes_refuse_newer_fields(server: ScriptedServer, method: str, name: str) -> None:
    create = getattr(build_client(server, "legacy"), method)
    with pytest.raises(ValueError, match=f"does not support {name}"):
        create(session_id="s", base_model="m", **{name: "x"})
    assert server.requests == []


def test_team_routes(client: Client, server: ScriptedServer) -> None:
    root = "/v1/teams/t1/loops"
    server.set_responses(f"POST {root}/sessions", {"session": {"id": "s"}})
    server.set_responses(f"POST {root}/trainers", {"run": {"id": "r"}})
    server.set_responses(f"POST {root}/runs", {"run": {"id": "r"}})
    server.set_responses(f"POST {root}/samplers", {"sampler": {"id": "p"}})
    server.set_responses(f"GET {root}/runs", {"runs": [{"id": "r"}]})
    server.set_responses(f"GET {root}/samplers", {"samplers": [{"id": "p"}]})
    run, sampler = Run(id="r", raw={"id": "r"}), Sampler(id="p", raw={"id": "p"})
    assert client.create_session(team_id="t1") == Session(id="s", raw={"id": "s"})
    assert client.create_run(team_id="t1", session_id="s", base_model="m") == run
    assert client.create_trainer(team_id="t1", session_id="s", base_model="m") == run
    assert client.create_sampler(team_id="t1", session_id="s", base_model="m") == sampler
    assert json.loads(server.requests[-1].body) == {"session_id": "s", "base_model": "m"}
    assert list(client.list_runs(scope="org", team_id="t1")) == [run]
    assert list(client.list_samplers(team_id="t1")) == [sampler]


def test_list_teams(client: Client, server: ScriptedServer) -> None:
    team = {"id": "t", "name": "Ops", "default": True, "created_at": "2026-11-23T12:00:00Z"}
    server.set_responses("GET /v1/teams", {"teams": [team, {"id": "u"}, {}]})
    assert client.list_teams() == (
        Team(id="t", name="Ops", is_default=True, created_at=NOON),
        Team(id="u"),
    )


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ({"kind": "s3"}, CheckpointSource(kind="s3")),
        (
            {"kind": "volume", "volume_ref": "bdn:n/v:t", "path": "p"},
            CheckpointSource(kind="volume", volume_ref="bdn:n/v:t", path="p"),
        ),
        ({"kind": "a_new_word"}, CheckpointSource(kind="a_new_word")),
    ],
)
def test_get_source(
    client: Client, server: ScriptedServer, source: object, found: CheckpointSource
) -> None:
    server.set_responses("GET /v1/loops/checkpoints/c1/source", {"source": source})
    assert client.get_source("c1") == found


def test_files_of_a_volume_have_a_stable_reason(client: Client, server: ScriptedServer) -> None:
    body = b'{"message": "on a volume", "details": {"reason": "NOT_PRESIGNABLE"}}'
    server.set_responses("GET /v1/loops/checkpoints/c1/files", ScriptedResponse(400, body))
    with pytest.raises(errors.StatusError) as caught:
        client.list_files("c1")
    assert caught.value.reason == NOT_PRESIGNABLE


@pytest.mark.parametrize(
    ("kept", "ids"),
    [([], ()), (None, ()), (["c1", {"id": "c2"}, {}, 7, None], ("c1", "c2"))],
)
def test_delete_run(
    client: Client, server: ScriptedServer, kept: object, ids: tuple[str, ...]
) -> None:
    raw = {"id": "r1", "kept_checkpoints": kept}
    server.set_responses("DELETE /v1/loops/runs/r1", raw)
    assert client.delete_run("r1") == DeletedRun(id="r1", kept_checkpoints=ids, raw=raw)


def test_deploying_is_never_repeated(client: Client, server: ScriptedServer) -> None:
    route = "POST /v1/loops/checkpoints/deploy"
    server.set_responses(
        route, ScriptedResponse(503, b"{}"), {"model_id": "m", "deployment_id": "d"}
    )
    fields = {"model_name": "n", "instance_type_id": "i", "hf_secret_name": "h"}
    with pytest.raises(errors.ServerError) as caught:
        client.deploy_checkpoints(("c1", "c2"), **fields)
    assert (caught.value.may_have_been_received, server.routes) == (True, [route])
    found = client.deploy_checkpoints(("c1", "c2"), **fields)
    assert found == InferenceDeployment(model_id="m", deployment_id="d")
    sent = json.loads(server.requests[-1].body)
    assert sent == fields | {"checkpoint_ids": ["c1", "c2"]}


def test_user_config(client: Client, server: ScriptedServer) -> None:
    config = {"trainer_accelerator_priority": ["H200", 7], "sampler_accelerator_priority": None}
    found = UserConfig(trainer_accelerator_priority=("H200",))
    server.set_responses("GET /v1/loops/user_config", {"user_config": config})
    server.set_responses("PATCH /v1/loops/user_config", {"user_config": config})
    assert client.get_user_config() == found
    assert client.change_user_config(sampler_accelerator_priority=None) == found
    assert json.loads(server.requests[-1].body) == {"sampler_accelerator_priority": None}


def test_list_sampler_logs(client: Client, server: ScriptedServer) -> None:
    line = {"timestamp": f"{NOON_MILLIS}000000", "message": "up", "replica": None}
    server.set_responses("POST /v1/models/m/deployments/d/logs", {"logs": [line]})
    start = NOON - timedelta(hours=1)
    assert client.list_sampler_logs("m", "d", start=start, end=NOON, limit=3) == (
        LogLine(at=NOON, message="up"),
    )
    assert json.loads(server.requests[-1].body) == {
        "start_epoch_millis": NOON_MILLIS - 3_600_000,
        "end_epoch_millis": NOON_MILLIS,
        "direction": "desc",
        "limit": 3,
    }


def test_list_debug_archive(client: Client, server: ScriptedServer) -> None:
    file = {"url": "https://s3/x?sig=1", "relative_file_name": "core"}
    server.set_responses(
        "GET /v1/loops/deployments/d1/debug_archive/files",
        {"presigned_urls": [file], "next_page_token": "b2Zmc2V0"},
        {"presigned_urls": []},
    )
    page = client.list_debug_archive("d1", page_size=1)
    assert ([one.url for one in page.files], page.next_page_token) == ([file["url"]], "b2Zmc2V0")
    assert "sig" not in repr(page)
    assert client.list_debug_archive("d1", 1, page.next_page_token) == DebugArchivePage(files=())
    assert server.requests[-1].query == "page_size=1&page_token=b2Zmc2V0"


def test_list_api_keys(client: Client, server: ScriptedServer) -> None:
    owned = {
        "prefix": "abc",
        "name": "laptop",
        "type": "PERSONAL",
        "team_name": "Ops",
        "owner": {"user_id": "u", "email": "a@b.c"},
        "created_at": "2026-11-22T12:00:00Z",
        "last_used_at": "2026-11-23T12:00:00Z",
    }
    routes = {"prefix": "xyz", "name": None, "type": "ROUTES", "owner": None, "last_used_at": None}
    server.set_responses("GET /v1/api_keys", {"keys": [owned, routes]})
    assert client.list_api_keys() == (
        ApiKeyInfo(
            prefix="abc",
            name="laptop",
            type="PERSONAL",
            team_name="Ops",
            owner_email="a@b.c",
            created_at=NOON - timedelta(days=1),
            last_used_at=NOON,
        ),
        ApiKeyInfo(prefix="xyz", type="ROUTES"),
    )


def test_get_usage_summary(client: Client, server: ScriptedServer) -> None:
    trainer = {
        "billable_resource": {
            "id": "d1",
            "kind": "LOOPS_TRAINER",
            "name": None,
            "is_deleted": False,
            "base_model": "m",
        },
        "subtotal": "12.50",
        "minutes": 90,
    }
    sampler = {"billable_resource": {"id": "s1", "kind": "LOOPS_SAMPLER"}, "subtotal": 0.25}
    raw = {
        "training_usage": {"total": "12.75", "breakdown": [trainer, {}]},
        "dedicated_usage": {"breakdown": [sampler]},
        "model_apis_usage": None,
    }
    server.set_responses("GET /v1/billing/usage_summary", raw)
    assert client.get_usage_summary(start=NOON - timedelta(days=1), end=NOON) == UsageSummary(
        resources=(
            BilledResource(
                id="d1",
                kind="LOOPS_TRAINER",
                base_model="m",
                is_deleted=False,
                subtotal=Decimal("12.50"),
                minutes=90,
            ),
            BilledResource(id="s1", kind="LOOPS_SAMPLER", subtotal=Decimal("0.25")),
        ),
        raw=raw,
        is_whole=False,
    )
    assert server.requests[-1].query == (
        "start_date=2026-11-22T12%3A00%3A00Z&end_date=2026-11-23T12%3A00%3A00Z"
    )
