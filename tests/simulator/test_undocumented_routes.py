"""Undocumented routes, which only current servers have."""

from __future__ import annotations

from typing import Any

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.route_table import UNDOCUMENTED
from tests.simulator.http_calls import send_request

HOUR = 3600
DEPLOYED = {
    "checkpoint_ids": ["deployed"],
    "model_name": "m",
    "instance_type_id": "h100-1",
    "hf_secret_name": "hf",
}


@pytest.fixture
def small(sim: Simulator) -> Simulator:
    sim.world.clear()
    run = sim.world.add_run(id="r", session=sim.world.add_session(id="s"))
    for target in ("trainer", "sampler"):
        sim.world.add_checkpoint(run=run, id=f"c-{target}", target=target)
    return sim


def test_documented_servers_have_no_undocumented_routes(old: Simulator) -> None:
    for route in UNDOCUMENTED:
        body: dict[str, Any] | None = None if route.method in ("GET", "DELETE") else {}
        assert send_request(old, str(route), body).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"checkpoint_path": "bt://loops:r/sampler_weights/step-100"}, 200),
        ({"checkpoint_path": "bt://loops:r/sampler_weights/step-100", "run_id": "r"}, 200),
        ({"checkpoint_path": "bt://loops:r/sampler_weights/step-100", "run_id": "other"}, 400),
        ({"checkpoint_path": "bt://loops:r/sampler_weights/step-100", "run_id": "x"}, 404),
        ({"checkpoint_path": "bt://loops:r/weights/step-100"}, 400),
        ({"checkpoint_path": "bt://loops:r/sampler_weights/step-9"}, 404),
        ({"checkpoint_path": "step-100"}, 400),
        ({}, 400),
    ],
)
def test_a_uri_is_validated(small: Simulator, body: Any, status: int) -> None:
    small.world.add_run(id="other", base_model="Qwen/Qwen3-32B")
    response = send_request(small, "POST /v1/loops/checkpoints/validate", body)
    assert response.status_code == status
    assert (response.json() == {}) == (status == 200)


def test_a_ttl_is_set_and_removed(small: Simulator) -> None:
    route = "PUT /v1/loops/checkpoints/c-trainer/ttl"
    kept = send_request(small, route, {"ttl_seconds": 3600}).json()
    assert (kept["id"], kept["expires_at"]) == ("c-trainer", "2026-05-07T11:00:00Z")
    assert send_request(small, route, {"ttl_seconds": None}).json()["expires_at"] is None
    small.advance(24 * HOUR)
    assert "c-trainer" in small.world.checkpoints
    send_request(small, route, {"ttl_seconds": HOUR})
    small.advance(HOUR)
    assert "c-trainer" in small.world.checkpoints
    small.advance(24 * HOUR)
    assert "c-trainer" not in small.world.checkpoints


def test_an_expired_checkpoint_stays_while_it_is_used(small: Simulator) -> None:
    small.world.add_sampler(id="served", model_path="bt://loops:r/sampler_weights/step-100")
    send_request(small, "PUT /v1/loops/checkpoints/c-sampler/ttl", {"ttl_seconds": HOUR})
    small.advance(48 * HOUR)
    assert "c-sampler" in small.world.checkpoints
    send_request(small, "POST /v1/loops/samplers/served/deactivate")
    small.advance(24 * HOUR)
    assert "c-sampler" not in small.world.checkpoints


@pytest.mark.parametrize(
    "body", [{}, {"ttl_seconds": 3599}, {"ttl_seconds": 315_360_001}, {"ttl_seconds": "3600"}]
)
def test_an_invalid_ttl_is_400(small: Simulator, body: Any) -> None:
    assert send_request(small, "PUT /v1/loops/checkpoints/c-trainer/ttl", body).status_code == 400


def test_a_deleted_checkpoint_leaves_a_tombstone(small: Simulator) -> None:
    route = "DELETE /v1/loops/checkpoints/c-trainer"
    tombstone = {
        "id": "c-trainer",
        "run_id": "r",
        "checkpoint_id": "step-100",
        "target": "trainer",
        "path": "bt://loops:r/weights/step-100",
    }
    assert send_request(small, route).json() == tombstone
    assert send_request(small, route).json() == tombstone
    left = send_request(small, "GET /v1/loops/checkpoints?run_id=r").json()["checkpoints"]
    assert [one["id"] for one in left] == ["c-sampler"]
    assert send_request(small, "GET /v1/loops/checkpoints/c-trainer/source").status_code == 404
    assert send_request(small, "DELETE /v1/loops/checkpoints/never").status_code == 404


def test_a_checkpoint_in_use_is_409(small: Simulator) -> None:
    def delete(name: str) -> tuple[int, str]:
        refused = send_request(small, f"DELETE /v1/loops/checkpoints/{name}")
        return refused.status_code, refused.json().get("details", {}).get("reason", "")

    in_use = (409, "CHECKPOINT_IN_USE")
    trained_on = {
        "session_id": "s",
        "base_model": "Qwen/Qwen3-8B",
        "path": "bt://loops:r/weights/step-100",
    }
    run_id = send_request(small, "POST /v1/loops/runs", trained_on).json()["run"]["id"]
    assert delete("c-trainer") == in_use
    send_request(small, f"POST /v1/loops/runs/{run_id}/deactivate")
    assert delete("c-trainer") == (200, "")
    small.world.add_sampler(id="served", model_path="bt://loops:r/sampler_weights/step-100")
    assert delete("c-sampler") == in_use
    send_request(small, "POST /v1/loops/samplers/served/deactivate")
    assert delete("c-sampler") == (200, "")
    run = small.world.runs["r"]
    small.world.add_checkpoint(run=run, id="young", sync_status="SYNCING")
    small.world.add_checkpoint(run=run, id="merged").merging = True
    small.world.add_checkpoint(run=run, id="deployed", target="sampler")
    send_request(small, "POST /v1/loops/checkpoints/deploy", DEPLOYED)
    assert [delete(name) for name in ("young", "merged", "deployed")] == [in_use] * 3


def test_a_run_has_the_fields_it_was_created_with(small: Simulator) -> None:
    body = {
        "session_id": "s",
        "base_model": "meta-llama/Llama-3.3-70B-Instruct",
        "name": "night shift",
        "availability_model": "spot",
        "replicas": 3,
        "lora_rank": 8,
    }
    run = send_request(small, "POST /v1/loops/runs", body).json()["run"]
    assert (run["name"], run["status"]["name"]) == ("night shift", "ACTIVE")
    deployment = small.world.deployments[run["deployment_id"]]
    assert (deployment.availability_model, deployment.node_count) == ("spot", 6)
    assert deployment.status == "CREATED"
    kept = small.world.runs[run["id"]]
    assert (kept.lora_rank, kept.max_seq_len, kept.scale_down_delay_seconds) == (8, 131072, 900)


def test_a_trainer_gets_its_sampler_later(small: Simulator) -> None:
    body = {"session_id": "s", "base_model": "Qwen/Qwen3-8B"}
    run = send_request(small, "POST /v1/loops/trainers", body).json()["run"]
    assert run["sampler"] is None
    paired = send_request(
        small, "POST /v1/loops/samplers", {"session_id": "s", "run_id": run["id"]}
    )
    again = send_request(small, "POST /v1/loops/samplers", {"session_id": "s", "run_id": run["id"]})
    assert again.json() == paired.json()
    deployment = send_request(small, f"GET /v1/loops/deployments/{run['deployment_id']}").json()
    assert deployment["deployment"]["sampler"] == paired.json()["sampler"]


def test_a_run_reuses_an_earlier_runs_deployment(small: Simulator) -> None:
    deployment = small.world.add_deployment(id="d", run=small.world.runs["r"])
    body = {"session_id": "s", "base_model": "Qwen/Qwen3-8B", "reuse_from_run_id": "r"}
    run = send_request(small, "POST /v1/loops/runs", body).json()["run"]
    assert (run["deployment_id"], small.world.runs["r"].status) == ("d", "INACTIVE")
    assert (deployment.active_run_id, deployment.latest_run_id) == (run["id"], run["id"])
    assert deployment.status == "RUNNING"
    send_request(small, "POST /v1/loops/deployments/d/deactivate")
    fresh = send_request(small, "POST /v1/loops/runs", body).json()["run"]
    assert fresh["deployment_id"] not in (None, "d")


def test_a_reused_deployment_wakes_up(small: Simulator) -> None:
    deployment = small.world.add_deployment(run=small.world.runs["r"], status="SCALED_TO_ZERO")
    body = {"session_id": "s", "base_model": "Qwen/Qwen3-8B", "reuse_from_run_id": "r"}
    send_request(small, "POST /v1/loops/runs", body)
    assert deployment.status == "DEPLOYING"
    assert deployment.sampler is not None
    assert deployment.sampler.status == "WAKING_UP"
    small.advance(120)
    assert (deployment.status, deployment.sampler.status) == ("RUNNING", "ACTIVE")


def test_each_key_has_a_user(sim: Simulator) -> None:
    for secret, key in sim.world.keys.items():
        assert send_request(sim, "GET /v1/users/me", key=secret).json() == {
            "user_id": key.user.id,
            "email": key.user.email,
            "name": key.user.name,
            "workspace_name": "acme",
        }


def test_keys_are_listed_by_prefix_only(sim: Simulator) -> None:
    sim.world.add_key("Pfx12345.c2VjcmV0", sim.world.users[2], name=None)
    listed = send_request(sim, "GET /v1/api_keys", key="demo-other-key").json()["keys"]
    assert [(one["name"], one["type"]) for one in listed] == [
        ("Dashboard, whole organisation", "WORKSPACE_MANAGE_ALL"),
        ("Noor's training scripts", "PERSONAL"),
        (None, "PERSONAL"),
    ]
    assert listed[2]["prefix"] == "Pfx12345"
    assert [len(one["prefix"]) for one in listed] == [8, 8, 8]
    assert not {one["prefix"] for one in listed} & set(sim.world.keys)
    mine = send_request(sim, "GET /v1/api_keys?created_by_me=true", key="demo-own-key").json()[
        "keys"
    ]
    assert [one["name"] for one in mine] == ["Grace's laptop"]
    kind = send_request(sim, "GET /v1/api_keys?type=PERSONAL").json()
    assert kind == {"keys": []}
    assert send_request(sim, "GET /v1/api_keys?type=SECRET").status_code == 400


def test_every_instance_type_has_a_price(sim: Simulator) -> None:
    prices = send_request(sim, "GET /v1/instance_type_prices").json()["instance_types"]
    machines = send_request(sim, "GET /v1/instance_types").json()["instance_types"]
    assert [one["instance_type"] for one in prices] == machines
    assert {one["gpu_type"] for one in machines} == {None, "L4", "H100", "H200", "B200"}
    assert min(one["price"] for one in prices) > 0
    used = send_request(sim, "GET /v1/loops/deployments?scope=org").json()["deployments"]
    assert [one["id"] for one in used if one["instance_type"] not in machines] == []


@pytest.mark.parametrize("value", [[], "H100", [1], 5])
def test_an_invalid_gpu_preference_is_400(sim: Simulator, value: Any) -> None:
    body = {"sampler_accelerator_priority": value}
    assert send_request(sim, "PATCH /v1/loops/user_config", body).status_code == 400


def test_a_sampler_is_found_as_model_deployment(sim: Simulator) -> None:
    sampler = sim.world.add_sampler(status="LOADING_MODEL")
    path = f"/v1/models/{sampler.model_id}/deployments/{sampler.deployment_id}"
    assert send_request(sim, f"GET {path}").json()["status"] == "LOADING_MODEL"
    assert send_request(sim, "GET /v1/models/x/deployments/y").status_code == 404
