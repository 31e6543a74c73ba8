"""Adds sessions, samplers, runs and deployments. They do not change by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Unpack

from loopsweb.simulator import catalogue
from loopsweb.simulator.entities import ENDED, Deployment, Overrides, Run, Sampler, Session
from loopsweb.simulator.identities import User
from loopsweb.simulator.store import Store

DEFAULT_MODEL = "Qwen/Qwen3-8B"


class ResourceBuilder(Store):
    """Fields that are not given get defaults. For `extra` and `omit` see Entity."""

    def generate_base_url(self) -> str:
        """A URL of the form the API gives out. Nothing listens there."""
        model, deployment = self.generate_id("", 6), self.generate_id("", 6)
        return f"https://model-{model}.api.baseten.co/deployment/{deployment}/sync"

    def add_session(
        self,
        *,
        id: str | None = None,  # noqa: A002
        owner: User | None = None,
        created_at: datetime | None = None,
        training_project_id: str | None = None,
        team_id: str | None = None,
        **overrides: Unpack[Overrides],
    ) -> Session:
        """Add a session of `owner`, by default of the first user."""
        session = Session(
            id=id or self.generate_id("sess_"),
            owner=owner or self.users[0],
            created_at=created_at or self.now,
            training_project_id=training_project_id,
            team_id=team_id,
            **overrides,
        )
        self.sessions[session.id] = session
        return session

    def add_sampler(
        self,
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
        **overrides: Unpack[Overrides],
    ) -> Sampler:
        """Add a standalone sampler. A serverless one has no model, deployment or instance type."""
        session = session or self.add_session(owner=owner, created_at=created_at)
        machine = None if serverless else instance_type or catalogue.get_sampler_machine(base_model)
        sampler = Sampler(
            id=id or self.generate_id("samp_"),
            owner=owner or session.owner,
            session_id=session.id,
            base_model=base_model,
            base_url=base_url or self.generate_base_url(),
            created_at=created_at or self.now,
            status=status,
            model_id=None if serverless else self.generate_id("", 8),
            deployment_id=None if serverless else self.generate_id("", 7),
            instance_type=machine,
            node_count=node_count,
            model_path=model_path,
            **overrides,
        )
        self.samplers[sampler.id] = sampler
        return sampler

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
        serverless: bool = False,
        lora_rank: int = 64,
        **overrides: Unpack[Overrides],
    ) -> Run:
        """Add a run, with a paired sampler unless `trainer_only`.

        Without `deployment` it is serverless until `add_deployment(run=…)`. `serverless` makes
        its sampler serverless too.
        """
        session = session or self.add_session(owner=owner, created_at=created_at)
        if sampler is None and not trainer_only:
            sampler = (deployment.sampler if deployment else None) or self.add_sampler(
                session=session,
                owner=owner,
                base_model=base_model,
                created_at=created_at,
                serverless=serverless,
            )
        run = Run(
            id=id or self.generate_id("", 7),
            owner=owner or session.owner,
            session_id=session.id,
            base_model=base_model,
            base_url=base_url or (deployment.base_url if deployment else self.generate_base_url()),
            name=base_model if name is None else name,
            created_at=created_at or self.now,
            status=status,
            sampler=sampler,
            lora_rank=lora_rank,
            **overrides,
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
        **overrides: Unpack[Overrides],
    ) -> Deployment:
        """Add a deployment, that of `run` if one is given."""
        model = base_model or (run.base_model if run else DEFAULT_MODEL)
        machine, nodes = catalogue.get_trainer_machine(model)
        deployment = Deployment(
            id=id or self.generate_id("dep_"),
            owner=owner or (run.owner if run else self.users[0]),
            base_model=model,
            base_url=base_url or (run.base_url if run else self.generate_base_url()),
            created_at=created_at or (run.created_at if run else self.now),
            status=status,
            availability_model=availability_model,
            instance_type=instance_type or machine,
            node_count=node_count or nodes,
            ended_at=self.now if status in ENDED else None,
            logs=logs,
            **overrides,
        )
        self.deployments[deployment.id] = deployment
        if run is not None:
            self.attach_run(run, deployment)
        return deployment
