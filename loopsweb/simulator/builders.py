"""Ways to put exact things into the world. Nothing put here moves by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import catalogue
from .things import (
    ENDED,
    Checkpoint,
    Deployment,
    Run,
    Sampler,
    Session,
    StoredFile,
    User,
)

if TYPE_CHECKING:
    from .world import World

DEFAULT_MODEL = "Qwen/Qwen3-8B"


def lora_adapter_config(base_model: str, rank: int) -> dict[str, Any]:
    """The adapter_config.json that a checkpoint of this rank carries."""
    return {
        "base_model_name_or_path": base_model,
        "bias": "none",
        "lora_alpha": 2 * rank,
        "lora_dropout": 0.0,
        "peft_type": "LORA",
        "r": rank,
        "target_modules": list(catalogue.ALL_MODULES),
        "task_type": "CAUSAL_LM",
    }


class Builders:
    """Each builder fills in what is not given. `extra` and `omit` bend the JSON: see Thing."""

    def base_url(self: World) -> str:
        """An address of the form the API gives out. Nothing answers there."""
        model, deployment = self.new_id("", 6), self.new_id("", 6)
        return f"https://model-{model}.api.baseten.co/deployment/{deployment}/sync"

    def add_session(
        self: World,
        *,
        id: str | None = None,  # noqa: A002
        owner: User | None = None,
        created_at: datetime | None = None,
        training_project_id: str | None = None,
        extra: Mapping[str, Any] | None = None,
        omit: Iterable[str] = (),
    ) -> Session:
        """A session of `owner`, by default of the first person."""
        session = Session(
            id=id or self.new_id("sess_"),
            owner=owner or self.users[0],
            created_at=created_at or self.now,
            training_project_id=training_project_id,
            extra=dict(extra or {}),
            omit=tuple(omit),
        )
        self.sessions[session.id] = session
        return session

    def add_sampler(
        self: World,
        *,
        id: str | None = None,  # noqa: A002
        session: Session | None = None,
        owner: User | None = None,
        base_model: str = DEFAULT_MODEL,
        base_url: str | None = None,
        status: str = "ACTIVE",
        created_at: datetime | None = None,
        instance_type: catalogue.InstanceType | None = None,
        node_count: int = 1,
        serverless: bool = False,
        model_path: str | None = None,
        extra: Mapping[str, Any] | None = None,
        omit: Iterable[str] = (),
    ) -> Sampler:
        """A standalone sampler; `serverless` ones have no model, deployment or machine."""
        session = session or self.add_session(owner=owner, created_at=created_at)
        machine = None if serverless else instance_type or catalogue.sampler_machine(base_model)
        sampler = Sampler(
            id=id or self.new_id("samp_"),
            owner=owner or session.owner,
            session_id=session.id,
            base_model=base_model,
            base_url=base_url or self.base_url(),
            created_at=created_at or self.now,
            status=status,
            model_id=None if serverless else self.new_id("", 8),
            deployment_id=None if serverless else self.new_id("", 7),
            instance_type=machine,
            node_count=node_count,
            model_path=model_path,
            extra=dict(extra or {}),
            omit=tuple(omit),
        )
        self.samplers[sampler.id] = sampler
        return sampler

    def add_run(
        self: World,
        *,
        id: str | None = None,  # noqa: A002
        session: Session | None = None,
        owner: User | None = None,
        base_model: str = DEFAULT_MODEL,
        name: str | None = None,
        base_url: str | None = None,
        status: str = "ACTIVE",
        created_at: datetime | None = None,
        sampler: Sampler | None = None,
        trainer_only: bool = False,
        deployment: Deployment | None = None,
        lora_rank: int = 64,
        extra: Mapping[str, Any] | None = None,
        omit: Iterable[str] = (),
    ) -> Run:
        """A run with a paired sampler unless `trainer_only`. Without `deployment` it is one on
        serverless capacity until `add_deployment(run=…)`."""
        session = session or self.add_session(owner=owner, created_at=created_at)
        if sampler is None and not trainer_only:
            sampler = (deployment.sampler if deployment else None) or self.add_sampler(
                session=session, owner=owner, base_model=base_model, created_at=created_at
            )
        run = Run(
            id=id or self.new_id("", 7),
            owner=owner or session.owner,
            session_id=session.id,
            base_model=base_model,
            base_url=base_url or (deployment.base_url if deployment else self.base_url()),
            name=base_model if name is None else name,
            created_at=created_at or self.now,
            status=status,
            sampler=sampler,
            lora_rank=lora_rank,
            extra=dict(extra or {}),
            omit=tuple(omit),
        )
        if sampler is not None:
            sampler.run_id = run.id
        self.runs[run.id] = run
        if deployment is not None:
            self.attach(run, deployment)
        return run

    def attach(self: World, run: Run, deployment: Deployment) -> None:
        """Make `run` the newest run of `deployment`, and its active one if it is ACTIVE."""
        run.deployment = deployment
        deployment.latest_run_id = run.id
        deployment.active_run_id = run.id if run.status == "ACTIVE" else None
        if run.sampler is not None:
            deployment.sampler = run.sampler

    def add_deployment(
        self: World,
        *,
        id: str | None = None,  # noqa: A002
        run: Run | None = None,
        owner: User | None = None,
        base_model: str | None = None,
        base_url: str | None = None,
        status: str = "RUNNING",
        created_at: datetime | None = None,
        availability_model: str = "dedicated",
        instance_type: catalogue.InstanceType | None = None,
        node_count: int | None = None,
        logs: list[dict[str, Any]] | None = None,
        extra: Mapping[str, Any] | None = None,
        omit: Iterable[str] = (),
    ) -> Deployment:
        """A live training pair, that of `run` when one is given."""
        model = base_model or (run.base_model if run else DEFAULT_MODEL)
        machine, nodes = catalogue.trainer_machine(model)
        deployment = Deployment(
            id=id or self.new_id("dep_"),
            owner=owner or (run.owner if run else self.users[0]),
            base_model=model,
            base_url=base_url or (run.base_url if run else self.base_url()),
            created_at=created_at or (run.created_at if run else self.now),
            status=status,
            availability_model=availability_model,
            instance_type=instance_type or machine,
            node_count=node_count or nodes,
            ended_at=self.now if status in ENDED else None,
            logs=logs,
            extra=dict(extra or {}),
            omit=tuple(omit),
        )
        self.deployments[deployment.id] = deployment
        if run is not None:
            self.attach(run, deployment)
        return deployment

    def add_checkpoint(
        self: World,
        *,
        run: Run,
        id: str | None = None,  # noqa: A002
        name: str = "step-100",
        target: str = "trainer",
        created_at: datetime | None = None,
        size_bytes: int | None = None,
        sync_status: str | None = "COMPLETE",
        expires_at: datetime | None = None,
        node_count: int = 1,
        files: list[StoredFile] | None = None,
        extra: Mapping[str, Any] | None = None,
        omit: Iterable[str] = (),
    ) -> Checkpoint:
        """A checkpoint of `run`; a trainer's holds the optimizer too and is three times as big."""
        model = catalogue.model_of(run.base_model)
        adapter = model.adapter_bytes * run.lora_rank // 64
        checkpoint = Checkpoint(
            id=id or self.new_id("chkpt_"),
            run=run,
            target=target,
            name=name,
            created_at=created_at or self.now,
            base_model=run.base_model,
            size_bytes=(adapter if target == "sampler" else 3 * adapter)
            if size_bytes is None
            else size_bytes,
            sync_status=sync_status,
            lora_adapter_config=lora_adapter_config(run.base_model, run.lora_rank),
            lora_config={"config_version": "v1", "targets": list(catalogue.ALL_MODULES)},
            node_count=node_count,
            files=files,
            extra=dict(extra or {}),
            omit=tuple(omit),
        )
        run.checkpoints.append(checkpoint)
        self.checkpoints[checkpoint.id] = checkpoint
        if expires_at is not None:
            self.expire(checkpoint, after=expires_at - self.now)
        return checkpoint

    def expire(self: World, checkpoint: Checkpoint, *, after: timedelta | None) -> None:
        """Let the checkpoint vanish after this time, or keep it for good."""
        checkpoint.expires_at = None if after is None else self.now + after
        if after is not None:
            due = self.now + after
            self.schedule.at(due, lambda: self._vanish(checkpoint, due))

    def _vanish(self: World, checkpoint: Checkpoint, due: datetime) -> None:
        if checkpoint.expires_at == due:
            self.remove_checkpoint(checkpoint)

    def remove_checkpoint(self: World, checkpoint: Checkpoint) -> None:
        """Gone, as after a delete."""
        if self.checkpoints.pop(checkpoint.id, None) is not None:
            checkpoint.run.checkpoints.remove(checkpoint)
