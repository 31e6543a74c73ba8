"""Adds sessions and samplers to the world. They do not change by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from loopsweb.simulator import catalogue
from loopsweb.simulator.entities import Sampler, Session
from loopsweb.simulator.identities import User
from loopsweb.simulator.store import Store

DEFAULT_MODEL = "Qwen/Qwen3-8B"


class ServingBuilder(Store):
    """Fields that are not given get defaults. For `extra` and `omit` see Entity."""

    def new_base_url(self) -> str:
        """A URL of the form the API gives out. Nothing listens there."""
        model, deployment = self.new_id("", 6), self.new_id("", 6)
        return f"https://model-{model}.api.baseten.co/deployment/{deployment}/sync"

    def add_session(
        self,
        *,
        id: str | None = None,  # noqa: A002
        owner: User | None = None,
        created_at: datetime | None = None,
        training_project_id: str | None = None,
        extra: Mapping[str, Any] | None = None,
        omit: Iterable[str] = (),
    ) -> Session:
        """Add a session of `owner`, by default of the first user."""
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
        extra: Mapping[str, Any] | None = None,
        omit: Iterable[str] = (),
    ) -> Sampler:
        """Add a standalone sampler. A serverless one has no model, deployment or instance type."""
        session = session or self.add_session(owner=owner, created_at=created_at)
        machine = None if serverless else instance_type or catalogue.get_sampler_machine(base_model)
        sampler = Sampler(
            id=id or self.new_id("samp_"),
            owner=owner or session.owner,
            session_id=session.id,
            base_model=base_model,
            base_url=base_url or self.new_base_url(),
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
