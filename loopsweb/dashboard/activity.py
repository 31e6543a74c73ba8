"""Recent activity: audit events and observed status changes in one list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.nouns import BY_SINGULAR
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.ui.statuses import Vocabulary


@dataclass(frozen=True)
class ActivityItem:
    """Either an audit event or a status change."""

    at: datetime
    event: Event | None = None
    change: StatusChange | None = None

    @property
    def vocabulary(self) -> Vocabulary | None:
        return BY_SINGULAR[self.change.noun].vocabulary if self.change else None

    @property
    def url_name(self) -> str:
        return f"{BY_SINGULAR[self.change.noun].slug}:detail" if self.change else ""


def list_recent_activity(workspace: Workspace, *, limit: int) -> list[ActivityItem]:
    """Newest first."""
    events = Event.objects.filter(workspace=workspace.slug).order_by("-sequence")[:limit]
    changes = StatusChange.objects.filter(workspace=workspace)[:limit]
    items = [
        *(ActivityItem(event.at, event=event) for event in events),
        *(ActivityItem(change.first_seen_new_at, change=change) for change in changes),
    ]
    return sorted(items, key=lambda item: item.at, reverse=True)[:limit]
