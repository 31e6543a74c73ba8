"""The API's resources as frozen types; undocumented_types has those of undocumented routes.

Only IDs are required. Any other field is None if the API left it out, sent null or sent the wrong
JSON type. `raw` is the object as received. Times are aware and in UTC. Statuses are text and may
be unknown. `gc=False` keeps the garbage collector from walking lists of 100,000 objects: parsed
JSON has no cycles.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from loopsweb.loops_api.uris import CheckpointURI

HOLDS_NO_GPUS = frozenset({"SCALED_TO_ZERO", "FAILED", "STOPPED", "PREEMPTED"})
_STEP = re.compile(r"(?:\A|step)[-_ ]?0*([0-9]{1,18})\Z", re.IGNORECASE)


class Session(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    id: str
    raw: dict[str, Any]


class InstanceType(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Memory in MiB, CPU in thousandths of a core."""

    id: str
    name: str | None = None
    memory_limit_mib: int | None = None
    millicpu_limit: int | None = None
    gpu_count: int | None = None
    gpu_type: str | None = None
    gpu_memory_limit_mib: int | None = None


class Sampler(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`deployment_id` is the inference deployment that serves it, not a Loops deployment.

    base_checkpoint: the hf:// weights it starts from instead of the base model's.
    """

    id: str
    base_url: str | None = None
    base_model: str | None = None
    base_checkpoint: str | None = None
    created_at: datetime | None = None
    model_id: str | None = None
    deployment_id: str | None = None
    status: str | None = None
    owner_email: str | None = None
    instance_type: InstanceType | None = None
    node_count: int | None = None
    raw: dict[str, Any]


class Run(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """is_serverless: the API sent a null `deployment_id`: the run has no deployment.

    base_checkpoint: as of a sampler. lora_config_version: such as v1; it never changes.
    """

    id: str
    session_id: str | None = None
    base_model: str | None = None
    base_checkpoint: str | None = None
    lora_config_version: str | None = None
    base_url: str | None = None
    name: str | None = None
    created_at: datetime | None = None
    status: str | None = None
    owner_email: str | None = None
    deployment_id: str | None = None
    is_serverless: bool = False
    sampler: Sampler | None = None
    raw: dict[str, Any]


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`name` is the API's `checkpoint_id` (step-100); `id` is unique over all runs.

    lora_adapter_config: the adapter_config.json. lora_config: version, targets and expert layout.
    """

    id: str
    run_id: str | None = None
    target: str | None = None
    name: str | None = None
    created_at: datetime | None = None
    checkpoint_type: str | None = None
    base_model: str | None = None
    lora_adapter_config: dict[str, Any] | None = None
    lora_config: dict[str, Any] | None = None
    size_bytes: int | None = None
    sync_status: str | None = None
    expires_at: datetime | None = None
    raw: dict[str, Any]

    @property
    def uri(self) -> str | None:
        """The bt:// URI, or None if run, target or name are missing or cannot be in one."""
        try:
            return str(CheckpointURI(self.run_id or "", self.target or "", self.name or ""))
        except ValueError:
            return None

    @property
    def step(self) -> int | None:
        """The training step that its name gives (step-100, 100); None where it gives none."""
        found = _STEP.search(self.name or "")
        return int(found[1]) if found else None


class CheckpointFile(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`url` is presigned and works without a key, so no repr shows it and there is no `raw`."""

    url: str
    relative_file_name: str | None = None
    node_rank: int | None = None
    size_bytes: int | None = None
    last_modified: datetime | None = None

    def __repr__(self) -> str:
        return f"CheckpointFile({self.relative_file_name!r}, size_bytes={self.size_bytes})"


class FilePage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """next_page_token: None for the last page. total_count: files of all pages."""

    files: tuple[CheckpointFile, ...]
    next_page_token: int | None = None
    total_count: int | None = None


class Deployment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A trainer with its runs, and its paired sampler."""

    id: str
    base_model: str | None = None
    base_url: str | None = None
    status: str | None = None
    active_run_id: str | None = None
    latest_run_id: str | None = None
    owner_email: str | None = None
    created_at: datetime | None = None
    availability_model: str | None = None
    instance_type: InstanceType | None = None
    node_count: int | None = None
    sampler: Sampler | None = None
    raw: dict[str, Any]

    @property
    def gpus_held(self) -> int | None:
        """The trainer's GPUs, without its sampler's. None: unknown. 0: scaled to zero or ended."""
        if self.status in HOLDS_NO_GPUS:
            return 0
        if self.status is None or self.instance_type is None:
            return None
        if self.instance_type.gpu_count is None or self.node_count is None:
            return None
        return self.instance_type.gpu_count * self.node_count


class Deactivated(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The response to a deactivation."""

    id: str | None = None
    base_model: str | None = None
    owner_email: str | None = None
    raw: dict[str, Any]
