"""The resources of the simulated API. Plain mutable objects: set any attribute of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from loopsweb.simulator.catalogue import InstanceType
from loopsweb.simulator.entity import Entity
from loopsweb.simulator.identities import User

ENDED = frozenset({"STOPPED", "FAILED", "PREEMPTED"})


@dataclass(eq=False)
class Session(Entity):
    id: str
    owner: User
    created_at: datetime
    training_project_id: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    omit: tuple[str, ...] = ()


@dataclass(eq=False)
class Sampler(Entity):
    """`run_id` names the run it is paired with; None for a standalone sampler."""

    id: str
    owner: User
    session_id: str
    base_model: str
    base_url: str
    created_at: datetime
    status: str
    model_id: str | None
    deployment_id: str | None
    instance_type: InstanceType | None
    node_count: int = 1
    run_id: str | None = None
    model_path: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    omit: tuple[str, ...] = ()


@dataclass(eq=False)
class Deployment(Entity):
    """A trainer and its paired sampler."""

    id: str
    owner: User
    base_model: str
    base_url: str
    created_at: datetime
    status: str
    availability_model: str
    instance_type: InstanceType
    node_count: int = 1
    sampler: Sampler | None = None
    active_run_id: str | None = None
    latest_run_id: str | None = None
    idle_since: datetime | None = None
    ended_at: datetime | None = None
    stopping: bool = False
    logs: list[dict[str, Any]] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    omit: tuple[str, ...] = ()

    def nested(self) -> Iterator[Entity]:
        if self.sampler is not None:
            yield self.sampler


@dataclass(eq=False)
class Run(Entity):
    """`deployment` is None for a serverless run, `sampler` for a run with a trainer only."""

    id: str
    owner: User
    session_id: str
    base_model: str
    base_url: str
    name: str
    created_at: datetime
    status: str
    deployment: Deployment | None = None
    sampler: Sampler | None = None
    lora_rank: int = 64
    max_seq_len: int = 131072
    scale_down_delay_seconds: int = 900
    path: str | None = None
    checkpoints: list[Checkpoint] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    omit: tuple[str, ...] = ()

    def nested(self) -> Iterator[Entity]:
        if self.sampler is not None:
            yield self.sampler


@dataclass(frozen=True)
class StoredFile:
    """A file of a checkpoint. Without `url` the simulator presigns one of its own."""

    relative_file_name: str
    size_bytes: int
    node_rank: int = 0
    last_modified: datetime | None = None
    url: str | None = None


@dataclass(eq=False)
class Checkpoint(Entity):
    """`name` is what the API calls checkpoint_id. Without `files` it has the usual ones."""

    id: str
    run: Run = field(repr=False)
    target: str
    name: str
    created_at: datetime
    base_model: str | None
    size_bytes: int
    sync_status: str | None
    checkpoint_type: str = "lora"
    lora_adapter_config: dict[str, Any] | None = None
    lora_config: dict[str, Any] | None = None
    expires_at: datetime | None = None
    node_count: int = 1
    files: list[StoredFile] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    omit: tuple[str, ...] = ()
