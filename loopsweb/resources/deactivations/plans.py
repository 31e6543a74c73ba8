"""How a request goes on once it is recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from loopsweb.resources.deactivations.models import Batch, State


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a request goes on once it is recorded: it waits for a second person until `expires_at`,
    or it is sent at `due_at`, or, with neither, at once. `foreseen`: what the person was shown.
    `token`: with which a script of theirs asked."""

    why_approval: str = ""
    expires_at: datetime | None = None
    due_at: datetime | None = None
    broke_glass: bool = False
    foreseen: dict[str, list[str]] = field(default_factory=dict)
    batch: Batch | None = None
    token: str = ""

    @property
    def state(self) -> State:
        if self.expires_at:
            return State.WAITING
        return State.DUE if self.due_at else State.REQUESTED

    def told(self) -> dict[str, Any] | None:
        """What the trail's first event says of it."""
        said: dict[str, Any] = {}
        if self.expires_at:
            said |= {"waits_for": "a second person", "until": self.expires_at.isoformat()}
        if self.why_approval:
            said["demanded"] = self.why_approval
        if self.broke_glass:
            said["broke_glass"] = True
        if self.due_at:
            said["sent_from"] = self.due_at.isoformat()
        if self.token:
            said["token"] = self.token
        if self.batch:
            said["batch"] = str(self.batch.uid)
        return said or None


AT_ONCE = Plan()
