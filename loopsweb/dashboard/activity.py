"""What happened lately: the record of what people did, and the statuses seen to change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.checkpoints.statuses import SYNC
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.ui.statuses import Vocabulary

VOCABULARY = {"run": RUN, "sampler": SAMPLER, "deployment": DEPLOYMENT, "checkpoint": SYNC}


@dataclass(frozen=True)
class Happening:
    """Either an event of the audit or a change of status."""

    at: datetime
    event: Event | None = None
    change: StatusChange | None = None

    @property
    def vocabulary(self) -> Vocabulary | None:
        return VOCABULARY.get(self.change.noun) if self.change else None

    @property
    def url_name(self) -> str:
        return f"{self.change.noun}s:detail" if self.change else ""


def recent(workspace: Workspace, *, most: int) -> list[Happening]:
    """The newest first."""
    events = Event.objects.filter(workspace=workspace.slug).order_by("-sequence")[:most]
    changes = StatusChange.objects.filter(workspace=workspace)[:most]
    happenings = [
        *(Happening(event.at, event=event) for event in events),
        *(Happening(change.first_seen_new_at, change=change) for change in changes),
    ]
    return sorted(happenings, key=lambda one: one.at, reverse=True)[:most]
