"""What the newest servers added: capabilities, sources, deploying, deleting runs, teams, bills."""

from __future__ import annotations

from typing import Any

import pytest

from loopsweb.simulator import Simulator
from tests.simulator.http_calls import build_client, send_request

BIG = "Qwen/Qwen3-30B-A3B"
RUN: dict[str, Any] = {"session_id": "s", "base_model": "Qwen/Qwen3-8B"}
DEPLOY: dict[str, Any] = {
    "checkpoint_ids": ["c-sampler"],
    "model_name": "m",
    "instance_type_id": "h100-1",
    "hf_secret_name": "hf",
}


@pytest.fixture
def small(sim: Simulator) -> Simulator:
    """A session `s` with a run `r`, its deployment `d` and its step-100 for both targets."""
    world = sim.world
    world.clear()
    run = world.add_run(id="r", session=world.add_session(id="s"))
    world.add_deployment(id="d", run=run)
    for target in ("trainer", "sampler"):
        world.add_checkpoint(run=run, id=f"c-{target}", target=target)
    return sim


def get_models(simulator: Simulator, query: str = "") -> dict[str, dict[str, Any]]:
    answer = send_request(simulator, f"GET /v1/loops/capabilities{query}")
    return {one["model_name"]: one for one in answer.json()["supported_models"]}


def test_capabilities_say_what_is_enabled(sim: Simulator) -> None:
    models = get_models(sim)
    assert models["Qwen/Qwen3-8B"] == {
        "model_name": "Qwen/Qwen3-8B",
        "max_seq_len": 131_072,
        "max_enabled_seq_len": 131_072,
        "max_context_length": 131_072,
        "supports_vision_language": False,
        "enabled": True,
        "serverless": True,
        "enablement_details": None,
    }
    refused = models["moonshotai/Kimi-K2-Instruct"]
    assert (refused["enabled"], refused["max_seq_len"], refused["max_enabled_seq_len"]) == (
        False,
        65_536,
        0,
    )
    assert refused["enablement_details"] == {
        "reason": "needs_approval",
        "reason_detail": "This organisation may not use it yet.",
        "remediation": "Ask support for access.",
    }
    lengths = [models[BIG][name] for name in ("max_seq_len", "max_enabled_seq_len", "enabled")]
    assert lengths == [262_144, 131_072, True]


def test_capabilities_are_asked_for_one_model_and_length(sim: Simulator) -> None:
    assert list(get_models(sim, f"?model={BIG}&use_case=sft&max_seq_len=131072")) == [BIG]
    too_long = get_models(sim, f"?model={BIG}&max_seq_len=131073")[BIG]
    assert too_long["enabled"] is False
    assert too_long["enablement_details"]["reason"] == "sequence_length_unsupported"
    assert get_models(sim, "?model=nobody/knows-it") == {}
    for query in ("use_case=other", "max_seq_len=0", "max_seq_len=long"):
        assert send_request(sim, f"GET /v1/loops/capabilities?{query}").status_code == 400


def test_the_deprecated_context_length_may_be_absent(sim: Simulator) -> None:
    sim.world.omitted_capabilities.add("max_context_length")
    assert "max_context_length" not in get_models(sim)["Qwen/Qwen3-8B"]
    sim.reset()
    assert get_models(sim)["Qwen/Qwen3-8B"]["max_context_length"] == 131_072


def test_each_generation_has_defaults_of_its_own(sim: Simulator, old: Simulator) -> None:
    kept = []
    for simulator in (sim, old):
        simulator.world.add_session(id="s")
        created = send_request(simulator, "POST /v1/loops/runs", RUN | {"base_model": BIG})
        run = simulator.world.runs[created.json()["run"]["id"]]
        kept.append((run.max_seq_len, run.scale_down_delay_seconds))
    assert kept == [(131_072, 900), (131_072, 3600)]


def test_a_run_has_as_many_samplers_as_asked_for(small: Simulator) -> None:
    body = RUN | {"sampler_num_replicas": 3, "reuse_from_session_id": None}
    run = send_request(small, "POST /v1/loops/runs", body).json()["run"]
    assert run["sampler"]["node_count"] == 3
    body = RUN | {"num_replicas": 2, "availability_model": "spot"}
    sampler = send_request(small, "POST /v1/loops/samplers", body).json()["sampler"]
    assert sampler["node_count"] == 2


def test_a_run_can_reuse_a_session(small: Simulator) -> None:
    body = RUN | {"reuse_from_session_id": "s"}
    run = send_request(small, "POST /v1/loops/runs", body).json()["run"]
    assert (run["deployment_id"], small.world.runs["r"].status) == ("d", "INACTIVE")


def test_a_base_checkpoint_comes_back(small: Simulator) -> None:
    body = RUN | {"base_checkpoint": "hf://org/repo@abc"}
    run = send_request(small, "POST /v1/loops/trainers", body).json()["run"]
    pair = {"session_id": "s", "run_id": run["id"]}
    sampler = send_request(small, "POST /v1/loops/samplers", pair).json()["sampler"]
    assert [one["base_checkpoint"] for one in (run, sampler)] == ["hf://org/repo@abc"] * 2
    for wrong in ("org/repo", "hf://org", "hf://org/repo@", "hf://a/b/c"):
        refused = send_request(small, "POST /v1/loops/trainers", RUN | {"base_checkpoint": wrong})
        assert refused.status_code == 400


def test_a_serverless_run_has_nothing_of_its_own(small: Simulator) -> None:
    body = RUN | {"scope": "serverless"}
    run = send_request(small, "POST /v1/loops/runs", body).json()["run"]
    named = [run["sampler"][name] for name in ("model_id", "deployment_id", "instance_type")]
    assert (run["deployment_id"], named) == (None, [None] * 3)
    assert (run["base_url"], run["sampler"]["base_url"]) == (None, None)
    small.advance(10)
    run = send_request(small, f"GET /v1/loops/runs/{run['id']}").json()["run"]
    assert [run["base_url"][:8], run["sampler"]["base_url"][:8]] == ["https://"] * 2
    send_request(small, f"POST /v1/loops/runs/{run['id']}/deactivate")
    assert send_request(small, f"POST /v1/loops/runs/{run['id']}/deactivate").status_code == 409
    dedicated = RUN | {"scope": "deployment", "replicas": 1}
    run = send_request(small, "POST /v1/loops/runs", dedicated).json()["run"]
    assert run["deployment_id"] is not None


def test_the_source_of_a_checkpoint(small: Simulator) -> None:
    route = "GET /v1/loops/checkpoints/c-trainer"
    assert send_request(small, f"{route}/source").json() == {"source": {"kind": "s3"}}
    small.world.checkpoints["c-trainer"].volume_ref = "bdn:acme/v:latest"
    assert send_request(small, f"{route}/source").json() == {
        "source": {
            "kind": "volume",
            "volume_ref": "bdn:acme/v:latest",
            "path": "r/weights/step-100",
        }
    }
    refused = send_request(small, f"{route}/files")
    assert (refused.status_code, refused.json()) == (
        400,
        {
            "message": "Checkpoint 'c-trainer' is on the volume bdn:acme/v:latest.",
            "details": {"reason": "NOT_PRESIGNABLE"},
        },
    )


def test_the_organisation_has_checkpoints_of_every_kind(either: Simulator) -> None:
    saved = list(either.world.checkpoints.values())
    unloadable = [one for one in saved if one.lora_config is None]
    assert [one.lora_adapter_config for one in unloadable] == [None] * 8
    assert {one.run.lora_config_version for one in unloadable} == {None}
    on_volumes = {one.run.deployment for one in saved if one.volume_ref}
    assert on_volumes == ({None} if either.dispatcher.generation == "current" else set())


@pytest.mark.parametrize(
    "change",
    [
        {"checkpoint_ids": []},
        {"checkpoint_ids": "c-sampler"},
        {"checkpoint_ids": ["c-trainer"]},
        {"hf_secret_name": None},
        {"model_name": ""},
        {"instance_type_id": "h9000"},
    ],
)
def test_an_invalid_inference_deployment_is_400(small: Simulator, change: Any) -> None:
    body = DEPLOY | change
    assert send_request(small, "POST /v1/loops/checkpoints/deploy", body).status_code == 400
    assert small.world.served_checkpoints == {}


def test_each_deploy_makes_another_model(small: Simulator) -> None:
    made = [send_request(small, "POST /v1/loops/checkpoints/deploy", DEPLOY).json() for _ in "ab"]
    assert [list(one) for one in made] == [["model_id", "deployment_id"]] * 2
    assert small.world.served_checkpoints == {one["model_id"]: ["c-sampler"] for one in made}


def test_a_checkpoint_must_fit_the_runs_lora_config(small: Simulator) -> None:
    body = {"checkpoint_path": "bt://loops:r/sampler_weights/step-100", "run_id": "r"}
    route = "POST /v1/loops/checkpoints/validate"
    assert send_request(small, route, body).status_code == 200
    small.world.runs["r"].lora_config_version = "v2"
    assert send_request(small, route, body).status_code == 400
    small.world.checkpoints["c-sampler"].lora_config = None
    assert send_request(small, route, {"checkpoint_path": body["checkpoint_path"]}).status_code == (
        400
    )


def test_a_deleted_run_ends_first(small: Simulator) -> None:
    assert send_request(small, "DELETE /v1/loops/runs/r").json() == {
        "id": "r",
        "kept_checkpoints": [],
    }
    assert small.world.deployments["d"].status == "STOPPED"
    assert (small.world.runs, small.world.checkpoints) == ({}, {})
    assert send_request(small, "DELETE /v1/loops/runs/r").status_code == 404
    deleted = send_request(small, "DELETE /v1/loops/checkpoints/c-trainer")
    assert deleted.json()["id"] == "c-trainer"


def test_a_deleted_run_keeps_checkpoints_in_use(small: Simulator) -> None:
    small.world.add_sampler(id="served", model_path="bt://loops:r/sampler_weights/step-100")
    kept = {"id": "r", "kept_checkpoints": ["c-sampler"]}
    assert send_request(small, "DELETE /v1/loops/runs/r").json() == kept
    run = send_request(small, "GET /v1/loops/runs/r").json()["run"]
    assert run["status"] == {"name": "INACTIVE"}
    send_request(small, "POST /v1/loops/samplers/served/deactivate")
    assert send_request(small, "DELETE /v1/loops/runs/r").json()["kept_checkpoints"] == []


def test_an_inactive_standalone_sampler_is_deactivated_again(small: Simulator) -> None:
    small.world.add_sampler(id="alone", status="INACTIVE")
    again = send_request(small, "POST /v1/loops/samplers/alone/deactivate")
    assert (again.status_code, again.json()["id"]) == (200, "alone")
    paired = small.world.runs["r"].sampler
    assert paired is not None
    refused = send_request(small, f"POST /v1/loops/samplers/{paired.id}/deactivate")
    assert (refused.status_code, "'r'" in refused.json()["message"]) == (409, True)


def test_a_team_has_its_own_runs(small: Simulator) -> None:
    team = small.world.add_team("Research")
    default, research = send_request(small, "GET /v1/teams").json()["teams"]
    assert [default["default"], research["default"]] == [True, False]
    assert (research["id"], research["name"]) == (team.id, "Research")
    root = f"/v1/teams/{team.id}/loops"
    session = send_request(small, f"POST {root}/sessions", {}).json()["session"]["id"]
    body = {"session_id": session, "base_model": "Qwen/Qwen3-8B"}
    run = send_request(small, f"POST {root}/runs", body).json()["run"]
    assert send_request(small, f"GET {root}/runs").json() == {"runs": [run]}
    assert send_request(small, f"GET {root}/samplers").json() == {"samplers": [run["sampler"]]}
    elsewhere = f"/v1/teams/{default['id']}/loops"
    listed = send_request(small, f"GET {elsewhere}/runs").json()["runs"]
    assert [one["id"] for one in listed] == ["r"]
    assert send_request(small, f"POST {elsewhere}/runs", body).status_code == 404
    everywhere = send_request(small, "GET /v1/loops/runs").json()["runs"]
    assert [one["id"] for one in everywhere] == ["r", run["id"]]
    assert send_request(small, "GET /v1/teams/team_other/loops/runs").status_code == 404


def test_keys_say_when_they_were_used(sim: Simulator) -> None:
    sim.world.add_key("Rts12345.s", sim.world.users[0], type="ROUTES", team_name="Research")
    listed = send_request(sim, "GET /v1/api_keys").json()["keys"]
    assert [(one["type"], one["team_name"], one["last_used_at"]) for one in listed] == [
        ("WORKSPACE_MANAGE_ALL", None, "2026-05-07T10:00:00Z"),
        ("ROUTES", "Research", None),
    ]


def test_user_config_refuses_unknown_fields(sim: Simulator) -> None:
    changed = send_request(sim, "PATCH /v1/loops/user_config", {"gpu": ["H100"]})
    assert changed.status_code == 422


def test_the_audit_log_has_no_loops_event(small: Simulator) -> None:
    send_request(small, "POST /v1/loops/checkpoints/deploy", DEPLOY)
    send_request(small, "POST /v1/loops/deployments/d/deactivate")
    small.world.revoke_key("demo-own-key")
    first = send_request(small, "GET /v1/audit_logs?limit=2").json()
    cursor = first["pagination"]["cursor"]
    then = send_request(small, f"GET /v1/audit_logs?cursor={cursor}").json()
    assert [one["event_type"] for one in first["items"] + then["items"]] == [
        "API_KEY_DELETED",
        "MODEL_DEPLOYED",
        *["API_KEY_CREATED"] * 3,
    ]
    assert then["pagination"] == {"has_more": False, "cursor": None}
    assert send_request(small, "GET /v1/audit_logs", key="demo-other-key").status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "",
        "start_date=2026-05-01",
        "start_date=soon&end_date=2026-05-02",
        "start_date=2025-12-31&end_date=2026-01-02",
        "start_date=2026-05-01&end_date=2026-06-02",
        "start_date=2026-05-02&end_date=2026-05-01",
    ],
)
def test_an_invalid_billing_range_is_400(sim: Simulator, query: str) -> None:
    assert send_request(sim, f"GET /v1/billing/usage_summary?{query}").status_code == 400


def test_the_usage_summary_counts_minutes(small: Simulator) -> None:
    small.advance(600)
    days = "start_date=2026-05-07T00:00:00Z&end_date=2026-05-08"
    summary = send_request(small, f"GET /v1/billing/usage_summary?{days}").json()
    trained = summary["training_usage"]
    assert (trained["minutes"], trained["total"]) == (10, "2.17")
    (item,) = trained["breakdown"]
    resource = item["billable_resource"]
    assert [resource[name] for name in ("id", "kind", "base_model")] == [
        "d",
        "LOOPS_TRAINER",
        "Qwen/Qwen3-8B",
    ]
    kinds = [one["billable_resource"]["kind"] for one in summary["dedicated_usage"]["breakdown"]]
    assert kinds == ["LOOPS_SAMPLER"]


def test_a_sampler_has_logs(small: Simulator) -> None:
    sampler = small.world.runs["r"].sampler
    assert sampler is not None
    small.advance(600)
    path = f"/v1/models/{sampler.model_id}/deployments/{sampler.deployment_id}/logs"
    lines = send_request(small, f"POST {path}", {"limit": 3, "min_level": "INFO"}).json()["logs"]
    assert len(lines) == 3
    assert lines[0]["message"] == "waiting for a client: no operation for 9 min"
    by_query = send_request(small, f"GET {path}?limit=3&min_level=INFO").json()["logs"]
    assert by_query == lines
    assert send_request(small, f"POST {path}", {"limit": 0}).status_code == 400
    assert send_request(small, "POST /v1/models/x/deployments/y/logs", {}).status_code == 404


def test_a_failed_deployment_has_a_debug_archive(small: Simulator) -> None:
    small.world.add_deployment(id="failed", status="FAILED", node_count=2)
    route = "GET /v1/loops/deployments/failed/debug_archive/files"
    pages = [send_request(small, f"{route}?page_size=3").json()]
    token = pages[0]["next_page_token"]
    assert isinstance(token, str)
    pages.append(send_request(small, f"{route}?page_size=3&page_token={token}").json())
    assert pages[1]["next_page_token"] is None
    files = [one for page in pages for one in page["presigned_urls"]]
    assert [(one["relative_file_name"], one["node_rank"]) for one in files] == [
        ("node_0/stacks.txt", 0),
        ("node_0/dmesg.txt", 0),
        ("node_1/stacks.txt", 1),
        ("node_1/dmesg.txt", 1),
    ]
    with build_client(small, key=None) as http:
        assert len(http.get(files[0]["url"]).content) == files[0]["size_bytes"]
    for query in ("page_token=3", "page_token=", "page_token=after-x", "page_size=1001"):
        assert send_request(small, f"{route}?{query}").status_code == 400
    running = send_request(small, "GET /v1/loops/deployments/d/debug_archive/files").json()
    assert running == {"presigned_urls": [], "next_page_token": None}
