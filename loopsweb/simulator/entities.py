"""The resources of the simulated API. Plain mutable objects: set any attribute of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict

from loopsweb.simulator.catalogue import InstanceType
from loopsweb.simulator.checkpoint_uris import SEGMENTS
from loopsweb.simulator.http_messages import encode_json
from loopsweb.simulator.identities import User

ENDED = frozenset({"STOPPED", "FAILED", "PREEMPTED"})


class Overrides(TypedDict, total=False):
    """Changes to the JSON of an entity: see Entity."""

    extra: dict[str, Any]
    omit: Collection[str]


@dataclass(eq=False, kw_only=True)
class Entity:
    """Counts its changes in `version`: cached JSON of an older version is stale.

    `extra` overrides fields of its JSON in every response, `omit` names fields to leave out.
    Assign new values instead of changing them in place.
    """

    version = 0
    id: str
    created_at: datetime
    extra: dict[str, Any] = field(default_factory=dict)
    omit: Collection[str] = ()

    def __setattr__(self, name: str, value: object) -> None:
        self.__dict__[name] = value
        self.__dict__["version"] = self.version + 1

    def cached_json(self, serialize: Callable[[Any], dict[str, Any]]) -> bytes:
        """The JSON that `serialize` gives, rebuilt only after a change of it or its sampler."""
        sampler = getattr(self, "sampler", None)
        stamp = (self.version, sampler and sampler.version)
        cached = self.__dict__.get("_cached_json")
        if cached is None or cached[0] is not serialize or cached[1] != stamp:
            cached = (serialize, stamp, encode_json(serialize(self)))
            self.__dict__["_cached_json"] = cached
        json: bytes = cached[2]
        return json


@dataclass(eq=False, kw_only=True)
class Session(Entity):
    """team_id: None for the organisation's default team."""

    owner: User
    training_project_id: str | None = None
    team_id: str | None = None


@dataclass(eq=False, kw_only=True)
class Sampler(Entity):
    """`run_id` names the run it is paired with; None for a standalone sampler.

    A serverless one has no model, deployment or instance type, and while it is being provisioned
    no `base_url`.
    """

    owner: User
    session_id: str
    base_model: str
    base_url: str | None
    status: str
    model_id: str | None
    deployment_id: str | None
    instance_type: InstanceType | None
    node_count: int = 1
    run_id: str | None = None
    model_path: str | None = None
    base_checkpoint: str | None = None
    idle_since: datetime | None = None
    ended_at: datetime | None = None


@dataclass(eq=False, kw_only=True)
class Deployment(Entity):
    """A trainer and its paired sampler."""

    owner: User
    base_model: str
    base_url: str | None
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


@dataclass(eq=False, kw_only=True)
class Run(Entity):
    """`deployment` is None for a serverless run, `sampler` for a run with a trainer only."""

    owner: User
    session_id: str
    base_model: str
    base_url: str | None
    name: str
    status: str
    deployment: Deployment | None = None
    sampler: Sampler | None = None
    lora_rank: int = 64
    max_seq_len: int = 131072
    scale_down_delay_seconds: int = 900
    path: str | None = None
    base_checkpoint: str | None = None
    lora_config_version: str | None = "v1"
    checkpoints: list[Checkpoint] = field(default_factory=list)


@dataclass(frozen=True)
class StoredFile:
    """A file of a checkpoint. Without `url` the simulator presigns one of its own."""

    relative_file_name: str
    size_bytes: int
    node_rank: int = 0
    last_modified: datetime | None = None
    url: str | None = None


@dataclass(eq=False, kw_only=True)
class Checkpoint(Entity):
    """`name` is what the API calls checkpoint_id. Without `files` it has the usual ones.

    lora_config: None if it cannot be loaded. volume_ref: of the volume that holds its files, which
    have no presigned URLs then. merging: it takes part in an unfinished merge.
    """

    run: Run = field(repr=False)
    target: str
    name: str
    base_model: str | None
    size_bytes: int
    sync_status: str | None
    checkpoint_type: str = "lora"
    lora_adapter_config: dict[str, Any] | None = None
    lora_config: dict[str, Any] | None = None
    expires_at: datetime | None = None
    node_count: int = 1
    files: list[StoredFile] | None = None
    volume_ref: str | None = None
    merging: bool = False

    @property
    def uri(self) -> str:
        return f"bt://loops:{self.run.id}/{SEGMENTS[self.target]}/{self.name}"
