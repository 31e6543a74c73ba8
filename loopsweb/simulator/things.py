"""What the world is made of. Plain mutable objects; a test may set any attribute of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .catalogue import InstanceType

OWN_SCOPE = "manage_own_user_or_service_account"
ORG_SCOPE = "manage_org_training_projects"
ENDED = frozenset({"STOPPED", "FAILED", "PREEMPTED"})


@dataclass(frozen=True)
class User:
    """A person. `organization` is the border of what their keys can reach."""

    id: str
    email: str | None
    name: str | None
    organization: str


@dataclass
class Key:
    """An API key. `type` is the API's word: PERSONAL, WORKSPACE_MANAGE_ALL, …"""

    secret: str = field(repr=False)
    user: User
    scopes: frozenset[str]
    type: str
    name: str | None
    prefix: str
    created_at: datetime


class Thing:
    """Counts its own changes in `version`, so that JSON kept for it is known to be stale.

    `extra` is laid over the object's JSON in every answer, `omit` names fields left out of it.
    Assign new ones instead of changing them in place.
    """

    version = 0

    def __setattr__(self, name: str, value: object) -> None:
        self.__dict__[name] = value
        self.__dict__["version"] = self.version + 1

    def stamp(self) -> tuple[int, ...]:
        """The versions of this object and of those its JSON contains."""
        return (self.version, *(part.version for part in self.parts()))

    def parts(self) -> Iterator[Thing]:
        """The objects that appear inside this one's JSON."""
        yield from ()

    def kept(self, shape: Callable[[Any], bytes]) -> bytes:
        """The JSON that `shape` makes of this object, made again only after a change."""
        stamp = self.stamp()
        known = self.__dict__.get("_kept")
        if known is None or known[0] is not shape or known[1] != stamp:
            known = (shape, stamp, shape(self))
            self.__dict__["_kept"] = known
        made: bytes = known[2]
        return made


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


@dataclass(frozen=True)
class StoredFile:
    """A file of a checkpoint. With `url` None the simulator signs one of its own."""

    relative_file_name: str
    size_bytes: int
    node_rank: int = 0
    last_modified: datetime | None = None
    url: str | None = None


@dataclass(eq=False)
class Checkpoint(Thing):
    """`name` is what the API calls checkpoint_id; `files` None means the usual ones."""

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
