"""The columns in which a poll stores what the API says of a run and of what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.sessions.models import Session
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.stored_rows import compute_digest
from loopsweb.serving.benchmark_data.bulk_insert import Values
from loopsweb.serving.benchmark_data.organisation import Json, Training
from loopsweb.ui.search import join_normalized

SEARCHED: dict[type[Snapshot], tuple[str, ...]] = {
    model: model._meta.get_field("search_text").of
    for model in (Session, Run, Sampler, Deployment, Checkpoint)
}


def build_rows(training: Training) -> Iterator[tuple[type[Snapshot], Values]]:
    """Without the times at which polls saw them."""
    run, sampler, deployment = training.run, training.sampler, training.deployment
    yield (
        Run,
        finish_row(
            Run,
            run,
            **describe(run),
            session_remote_id=run["session_id"],
            name=run["name"],
            deployment_remote_id=run["deployment_id"],
            sampler_remote_id=sampler["id"],
        ),
    )
    yield (
        Sampler,
        finish_row(
            Sampler,
            sampler,
            **describe(sampler),
            **describe_machine(sampler),
            model_id=sampler["model_id"],
            deployment_remote_id=sampler["deployment_id"],
            run_remote_id=run["id"],
            session_remote_id=run["session_id"],
        ),
    )
    yield (
        Deployment,
        finish_row(
            Deployment,
            deployment,
            **describe(deployment),
            **describe_machine(deployment),
            active_run_remote_id=deployment["active_run_id"] or "",
            latest_run_remote_id=deployment["latest_run_id"],
            availability_model=deployment["availability_model"],
            sampler_remote_id=sampler["id"],
        ),
    )
    for checkpoint in training.checkpoints:
        yield Checkpoint, build_checkpoint(checkpoint)


def build_session(session_id: str) -> Values:
    return finish_row(Session, {"id": session_id})


def build_checkpoint(raw: Json) -> Values:
    return finish_row(
        Checkpoint,
        raw,
        run_remote_id=raw["run_id"],
        target=raw["target"],
        name=raw["checkpoint_id"],
        step=int(raw["checkpoint_id"].removeprefix("step-")),
        created_at=datetime.fromisoformat(raw["created_at"]),
        checkpoint_type=raw["checkpoint_type"],
        base_model=raw["base_model"],
        size_bytes=raw["size_bytes"],
        sync_status=raw["sync_status"],
        expires_at=raw["expires_at"] and datetime.fromisoformat(raw["expires_at"]),
    )


def describe(raw: Json) -> Values:
    return {
        "base_model": raw["base_model"],
        "base_url": raw["base_url"],
        "created_at": datetime.fromisoformat(raw["created_at"]),
        "status": raw["status"]["name"],
        "owner_email": raw["user"]["email"],
    }


def describe_machine(raw: Json) -> Values:
    machine = raw["instance_type"]
    return {
        "instance_id": machine["id"],
        "instance_name": machine["name"],
        "gpu_type": machine["gpu_type"],
        "gpu_count": machine["gpu_count"],
        "node_count": raw["node_count"],
    }


def finish_row(model: type[Snapshot], raw: Json, **columns: Any) -> Values:
    columns |= {"remote_id": raw["id"], "raw": raw, "digest": compute_digest(raw)}
    columns["search_text"] = join_normalized(columns[name] for name in SEARCHED[model])
    return columns
