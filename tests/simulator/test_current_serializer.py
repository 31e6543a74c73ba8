"""The JSON of current servers, field by field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from loopsweb.simulator import Simulator
from tests.simulator.http_calls import send_request

BEGUN = datetime(2026, 5, 7, 9, 30, tzinfo=UTC)
USER = {"email": "ada@example.com"}
H100 = {
    "id": "h100-1",
    "name": "H100:1x26x234",
    "memory_limit_mib": 239_616,
    "millicpu_limit": 26_000,
    "gpu_count": 1,
    "gpu_type": "H100",
    "gpu_memory_limit_mib": 81_920,
}
TWO_H100 = {
    "id": "h100-2",
    "name": "H100:2x52x468",
    "memory_limit_mib": 479_232,
    "millicpu_limit": 52_000,
    "gpu_count": 2,
    "gpu_type": "H100",
    "gpu_memory_limit_mib": 163_840,
}
SAMPLER = {
    "id": "samp_1",
    "base_url": "https://sampler.example",
    "base_model": "Qwen/Qwen3-8B",
    "created_at": "2026-05-07T09:30:00Z",
    "model_id": "m1",
    "deployment_id": "v1",
    "status": {"name": "ACTIVE"},
    "user": USER,
    "instance_type": H100,
    "node_count": 1,
}
RUN = {
    "id": "r1",
    "session_id": "sess_1",
    "deployment_id": "dep_1",
    "name": "night shift",
    "base_model": "Qwen/Qwen3-8B",
    "lora_config_version": "v1",
    "base_url": "https://trainer.example",
    "created_at": "2026-05-07T09:30:00Z",
    "status": {"name": "ACTIVE"},
    "user": USER,
    "sampler": SAMPLER,
}
DEPLOYMENT = {
    "id": "dep_1",
    "active_run_id": "r1",
    "latest_run_id": "r1",
    "base_model": "Qwen/Qwen3-8B",
    "base_url": "https://trainer.example",
    "status": {"name": "RUNNING"},
    "user": USER,
    "created_at": "2026-05-07T09:30:00Z",
    "availability_model": "spot",
    "instance_type": TWO_H100,
    "node_count": 3,
    "sampler": SAMPLER,
}
MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
CHECKPOINT = {
    "id": "chkpt_1",
    "run_id": "r1",
    "target": "sampler",
    "checkpoint_id": "step-100",
    "created_at": "2026-05-07T09:30:00Z",
    "checkpoint_type": "lora",
    "base_model": "Qwen/Qwen3-8B",
    "lora_adapter_config": {
        "base_model_name_or_path": "Qwen/Qwen3-8B",
        "bias": "none",
        "lora_alpha": 64,
        "lora_dropout": 0.0,
        "peft_type": "LORA",
        "r": 32,
        "target_modules": MODULES,
        "task_type": "CAUSAL_LM",
    },
    "size_bytes": 174_621_876,
    "sync_status": "COMPLETE",
    "lora_config": {"expert_layout": None, "config_version": "v1", "targets": MODULES},
    "expires_at": "2026-05-07T12:00:00Z",
}
SHAPES: dict[str, Any] = {
    "GET /v1/loops/runs": {"runs": [RUN]},
    "GET /v1/loops/runs/r1": {"run": RUN},
    "GET /v1/loops/samplers": {"samplers": [SAMPLER]},
    "GET /v1/loops/samplers/samp_1": {"sampler": SAMPLER},
    "GET /v1/loops/deployments": {"deployments": [DEPLOYMENT]},
    "GET /v1/loops/deployments/dep_1": {"deployment": DEPLOYMENT},
    "GET /v1/loops/checkpoints?run_id=r1": {"checkpoints": [CHECKPOINT]},
}


@pytest.fixture
def small(sim: Simulator) -> Simulator:
    world = sim.world
    world.clear()
    session = world.add_session(id="sess_1")
    sampler = world.add_sampler(
        id="samp_1", session=session, base_url="https://sampler.example", created_at=BEGUN
    )
    sampler.model_id, sampler.deployment_id = "m1", "v1"
    run = world.add_run(
        id="r1",
        session=session,
        sampler=sampler,
        name="night shift",
        base_url="https://trainer.example",
        created_at=BEGUN,
        lora_rank=32,
    )
    world.add_deployment(id="dep_1", run=run, availability_model="spot", node_count=3)
    world.add_checkpoint(
        run=run,
        id="chkpt_1",
        target="sampler",
        created_at=BEGUN,
        expires_at=datetime(2026, 5, 7, 12, tzinfo=UTC),
    )
    return sim


@pytest.mark.parametrize("route", SHAPES)
def test_every_field_is_sent(small: Simulator, route: str) -> None:
    assert send_request(small, route).json() == SHAPES[route]


def test_optional_fields_are_null(small: Simulator) -> None:
    world = small.world
    world.clear()
    alone = world.add_run(trainer_only=True, name="")
    served = world.add_run(sampler=world.add_sampler(serverless=True))
    world.add_checkpoint(run=alone, sync_status=None).lora_config = None
    world.add_deployment()
    first, second = send_request(small, "GET /v1/loops/runs").json()["runs"]
    assert (first["sampler"], first["deployment_id"], first["name"]) == (None, None, "")
    serverless = [
        second["sampler"][name] for name in ("model_id", "deployment_id", "instance_type")
    ]
    assert (second["id"], serverless) == (served.id, [None, None, None])
    (deployment,) = send_request(small, "GET /v1/loops/deployments").json()["deployments"]
    named = [deployment[name] for name in ("active_run_id", "latest_run_id", "sampler")]
    assert named == [None, None, None]
    (saved,) = send_request(small, f"GET /v1/loops/checkpoints?run_id={alone.id}").json()[
        "checkpoints"
    ]
    assert (saved["sync_status"], saved["lora_config"], saved["expires_at"]) == (None, None, None)
