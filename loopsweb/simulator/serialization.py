"""What the shapes of both generations have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol

from .checkpoint_entities import Checkpoint
from .entities import Deployment, Run, Sampler


class Bendable(Protocol):
    """Anything with fields to lay over its JSON and fields to leave out."""

    extra: dict[str, Any]
    omit: tuple[str, ...]


class Shapes(Protocol):
    """One generation of JSON. The modules shapes_documented and shapes_current are such."""

    STOPPED_IS_LISTED: bool

    def sampler(self, thing: Sampler, /) -> dict[str, Any]: ...
    def sampler_item(self, thing: Sampler, /) -> bytes: ...
    def run(self, thing: Run, /) -> dict[str, Any]: ...
    def run_item(self, thing: Run, /) -> bytes: ...
    def checkpoint(self, thing: Checkpoint, /) -> dict[str, Any]: ...
    def checkpoint_item(self, thing: Checkpoint, /) -> bytes: ...
    def deployment(self, thing: Deployment, /) -> dict[str, Any]: ...
    def deployment_item(self, thing: Deployment, /) -> bytes: ...
    def problem(self, status: int, message: str, reason: str | None, /) -> dict[str, Any]: ...


def bent(fields: dict[str, Any], thing: Bendable) -> dict[str, Any]:
    """`fields` with the thing's own extras over it and its omissions taken out."""
    if not thing.extra and not thing.omit:
        return fields
    whole = fields | thing.extra
    return {name: value for name, value in whole.items() if name not in thing.omit}


def moment(when: datetime) -> str:
    """ISO 8601 in UTC, as in the document: 2025-05-07T10:00:00Z."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")
