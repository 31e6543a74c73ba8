"""What the API says of each run, with its deployment, sampler and checkpoints, and how their
statuses changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from loopsweb.loops_api.uris import CheckpointURI
from loopsweb.serving.benchmark_data.timeline import Lifetime, generate_lifetimes

Json = dict[str, Any]
OWNERS = [f"engineer{number:02}@example.com" for number in range(1, 41)]
WORDS = ("sft", "dpo", "grpo", "math", "code", "chat", "tools", "eval", "long", "mix", "v2", "v3")
LAYERS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
UP_AFTER, SYNCED_AFTER = timedelta(minutes=4), timedelta(minutes=1)
SHARES_SESSION, STARTS_FROM_OTHER, STILL_SYNCS, EXPIRES = 0.4, 0.1, 0.3, 0.1


class BaseModel(NamedTuple):
    """gpus: of each of its nodes. size: of a checkpoint to sample from, in bytes."""

    name: str
    gpu: str
    gpus: int
    nodes: int
    size: int


MODELS = (
    BaseModel("Qwen/Qwen3-8B", "H100", 2, 1, 349_243_752),
    BaseModel("meta-llama/Llama-3.3-70B-Instruct", "H200", 8, 2, 1_656_783_360),
    BaseModel("Qwen/Qwen3-32B", "H100", 8, 1, 1_073_872_896),
    BaseModel("Qwen/Qwen3-30B-A3B", "H200", 8, 1, 863_518_720),
    BaseModel("meta-llama/Llama-3.1-8B-Instruct", "H100", 1, 1, 335_604_096),
    BaseModel("openai/gpt-oss-120b", "B200", 8, 1, 1_493_172_224),
)
USD_PER_GPU_MINUTE = {"H100": 0.10833, "H200": 0.13333, "B200": 0.16633}
SAMPLER_GPUS = {1: 1, 2: 1, 8: 4}  # by those of a trainer's machine


class Change(NamedTuple):
    noun: str
    remote_id: str
    old: str
    new: str
    at: datetime


@dataclass
class Training:
    """Objects as the API lists them. resumed_from: the checkpoint that the run was started from."""

    run: Json
    sampler: Json
    deployment: Json
    began_at: datetime
    is_live: bool
    checkpoints: list[Json] = field(default_factory=list)
    resumed_from: CheckpointURI | None = None
    changes: list[Change] = field(default_factory=list)


def generate_organisation(
    *, runs: int, checkpoints: int, seed: int, now: datetime
) -> Iterator[Training]:
    """The oldest first."""
    random = Random(seed)  # noqa: S311
    sessions: dict[str, str] = {}  # the latest of each owner
    resumable = deque[CheckpointURI](maxlen=200)
    for life in generate_lifetimes(random, runs=runs, checkpoints=checkpoints, now=now):
        owner, model = random.choice(OWNERS), random.choice(MODELS)
        if owner not in sessions or random.random() > SHARES_SESSION:
            sessions[owner] = generate_id(random, "sess_")
        training = build_training(random, life, owner, sessions[owner], model)
        training.checkpoints = build_checkpoints(random, training, life, model, now=now)
        training.changes = list(list_changes(training, life))
        if resumable and random.random() < STARTS_FROM_OTHER:
            training.resumed_from = random.choice(resumable)
        trainers = [one for one in training.checkpoints if one["target"] == "trainer"]
        if trainers and life.ended_at:
            name = trainers[-1]["checkpoint_id"]
            resumable.append(CheckpointURI(training.run["id"], "trainer", name))
        yield training


def build_training(
    random: Random, life: Lifetime, owner: str, session_id: str, model: BaseModel
) -> Training:
    is_live, run_id = life.ended_at is None, generate_id(random, "")
    shared = {
        "base_model": model.name,
        "base_url": f"https://model-{generate_id(random, '')}.api.baseten.co/sync",
        "created_at": format_time(life.began_at),
        "user": {"email": owner},
    }
    sampler = {
        "id": generate_id(random, "samp_"),
        **shared,
        "model_id": generate_id(random, ""),
        "deployment_id": generate_id(random, ""),
        "status": {"name": sampler_status(life)},
        "instance_type": build_machine(model.gpu, SAMPLER_GPUS[model.gpus]),
        "node_count": 1,
    }
    deployment = {
        "id": generate_id(random, "dep_"),
        **shared,
        "active_run_id": run_id if is_live else None,
        "latest_run_id": run_id,
        "status": {"name": life.status},
        "availability_model": "spot" if life.status == "PREEMPTED" else "dedicated",
        "instance_type": build_machine(model.gpu, model.gpus),
        "node_count": model.nodes,
        "sampler": sampler,
    }
    run = {
        "id": run_id,
        **shared,
        "session_id": session_id,
        "deployment_id": deployment["id"],
        "name": "-".join(random.sample(WORDS, 3)),
        "lora_config_version": "v1",
        "status": {"name": "ACTIVE" if is_live else "INACTIVE"},
        "sampler": sampler,
    }
    return Training(run, sampler, deployment, life.began_at, is_live)


def sampler_status(life: Lifetime) -> str:
    if life.ended_at:
        return "INACTIVE"
    return {"RUNNING": "ACTIVE", "SCALED_TO_ZERO": "SCALED_TO_ZERO"}.get(life.status, "DEPLOYING")


def build_checkpoints(
    random: Random, training: Training, life: Lifetime, model: BaseModel, *, now: datetime
) -> list[Json]:
    """In the order in which they were saved: of each step one to resume and one to sample from."""
    run, end = training.run, life.ended_at or now
    span = end - life.began_at - UP_AFTER - SYNCED_AFTER
    found = []
    for number in range(life.checkpoints):
        target = "sampler" if number % 2 else "trainer"
        is_newest = number == life.checkpoints - 1
        is_syncing = training.is_live and is_newest and random.random() < STILL_SYNCS
        saved_at = life.began_at + UP_AFTER + span * (number + 1) / life.checkpoints
        expires_at = now + timedelta(days=random.uniform(1, 30))
        found.append(
            {
                "id": generate_id(random, "chkpt_"),
                "run_id": run["id"],
                "target": target,
                "checkpoint_id": f"step-{(number // 2 + 1) * 100}",
                "created_at": format_time(saved_at),
                "checkpoint_type": "lora",
                "base_model": model.name,
                "lora_adapter_config": {
                    "base_model_name_or_path": model.name,
                    "bias": "none",
                    "lora_alpha": 128,
                    "peft_type": "LORA",
                    "r": 64,
                    "target_modules": LAYERS,
                    "task_type": "CAUSAL_LM",
                },
                "size_bytes": model.size * (1 if target == "sampler" else 3),
                "sync_status": "SYNCING" if is_syncing else "COMPLETE",
                "lora_config": {"config_version": "v1", "targets": LAYERS, "expert_layout": None},
                "expires_at": format_time(expires_at) if random.random() < EXPIRES else None,
            }
        )
    return found


def list_changes(training: Training, life: Lifetime) -> Iterator[Change]:
    """What polls saw of it: how it came up, scaled to zero and ended, which checkpoints synced."""
    deployment, sampler = training.deployment["id"], training.sampler["id"]
    up_at, end = life.began_at + UP_AFTER, life.ended_at
    if life.status != "CREATED":
        begun = life.began_at + UP_AFTER / 4
        yield Change("deployment", deployment, "CREATED", "DEPLOYING", begun)
    if life.status not in ("CREATED", "DEPLOYING"):
        yield Change("deployment", deployment, "DEPLOYING", "RUNNING", up_at)
        yield Change("sampler", sampler, "DEPLOYING", "ACTIVE", up_at)
    if life.status == "SCALED_TO_ZERO":
        asleep = up_at + timedelta(hours=1)
        yield Change("deployment", deployment, "RUNNING", "SCALED_TO_ZERO", asleep)
        yield Change("sampler", sampler, "ACTIVE", "SCALED_TO_ZERO", asleep)
    if end:
        yield Change("deployment", deployment, "RUNNING", life.status, end)
        yield Change("sampler", sampler, "ACTIVE", "INACTIVE", end)
        yield Change("run", training.run["id"], "ACTIVE", "INACTIVE", end)
    for one in training.checkpoints:
        if one["sync_status"] == "COMPLETE":
            at = datetime.fromisoformat(one["created_at"]) + SYNCED_AFTER
            yield Change("checkpoint", one["id"], "SYNCING", "COMPLETE", at)


def build_machine(gpu: str, gpus: int) -> Json:
    return {
        "id": f"{gpu}-{gpus}".lower(),
        "name": f"{gpu}:{gpus}x{26 * gpus}x{234 * gpus}",
        "memory_limit_mib": 234 * 1024 * gpus,
        "millicpu_limit": 26_000 * gpus,
        "gpu_count": gpus,
        "gpu_type": gpu,
        "gpu_memory_limit_mib": 81_920 * gpus,
    }


def generate_id(random: Random, prefix: str) -> str:
    return f"{prefix}{random.getrandbits(40):08x}"


def format_time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def list_prices() -> dict[str, str]:
    """{instance type id: USD per minute, as text}."""
    sizes = {model.gpus for model in MODELS} | set(SAMPLER_GPUS.values())
    return {
        build_machine(gpu, gpus)["id"]: f"{usd * gpus:.5f}"
        for gpu, usd in USD_PER_GPU_MINUTE.items()
        for gpus in sorted(sizes)
    }
