"""What holds GPUs and what trains on it. Plain mutable objects; set any attribute of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .catalogue import InstanceType
from .entity import Thing
from .people import User

if TYPE_CHECKING:
    from .checkpoint_entities import Checkpoint

ENDED = frozenset({"STOPPED", "FAILED", "PREEMPTED"})


@dataclass(eq=False)
class Session(Thing):
    id: str
    owner: User
    created_at: datetime
    training_project_id: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    omit: tuple[str, ...] = ()


@dataclass(eq=False)
class Sampler(Thing):
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
class Deployment(Thing):
    """The live training pair: a trainer and its paired sampler."""

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

    def parts(self) -> Iterator[Thing]:
        if self.sampler is not None:
            yield self.sampler


@dataclass(eq=False)
class Run(Thing):
    """`deployment` is None on serverless capacity, `sampler` for a run that has only a trainer."""

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

    def parts(self) -> Iterator[Thing]:
        if self.sampler is not None:
            yield self.sampler
