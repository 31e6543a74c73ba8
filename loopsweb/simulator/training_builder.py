"""Adds runs and deployments to the world. They do not change by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from loopsweb.simulator import catalogue
from loopsweb.simulator.entities import ENDED, Deployment, Run, Sampler, Session
from loopsweb.simulator.identities import User
from loopsweb.simulator.serving_builder import DEFAULT_MODEL, ServingBuilder


class TrainingBuilder(ServingBuilder):
    """Fields that are not given get defaults. For `extra` and `omit` see Entity."""

    def add_run(
        self,
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
        """Add a run, with a paired sampler unless `trainer_only`.

        Without `deployment` it is serverless until `add_deployment(run=…)`.
        """
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
            base_url=base_url or (deployment.base_url if deployment else self.new_base_url()),
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
            self.attach_run(run, deployment)
        return run

    def attach_run(self, run: Run, deployment: Deployment) -> None:
        """Make `run` the latest run of `deployment`, and the active one if it is ACTIVE."""
        run.deployment = deployment
        deployment.latest_run_id = run.id
        deployment.active_run_id = run.id if run.status == "ACTIVE" else None
        if run.sampler is not None:
            deployment.sampler = run.sampler

    def add_deployment(
        self,
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
        """Add a deployment, that of `run` if one is given."""
        model = base_model or (run.base_model if run else DEFAULT_MODEL)
        machine, nodes = catalogue.get_trainer_machine(model)
        deployment = Deployment(
            id=id or self.new_id("dep_"),
            owner=owner or (run.owner if run else self.users[0]),
            base_model=model,
            base_url=base_url or (run.base_url if run else self.new_base_url()),
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
            self.attach_run(run, deployment)
        return deployment
