"""What runs leave behind: checkpoints and their files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .entities import Run
from .entity import Thing


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
