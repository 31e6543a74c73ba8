"""Recent activity: audit events and observed status changes in one list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.nouns import BY_SINGULAR
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.ui.statuses import Vocabulary

LOOKED_AT = 20  # times as many changes as there are places, so that equal ones can be one


@dataclass(frozen=True)
class ActivityItem:
    """Either an audit event or a status change. number: of how many things that did the same in a
    row it is the newest."""

    at: datetime
    event: Event | None = None
    change: StatusChange | None = None
    number: int = 1

    @property
    def is_act(self) -> bool:
        """True for what a person did."""
        return self.event is not None and bool(self.event.person)

    @property
    def kind(self) -> tuple[str, ...] | None:
        return (self.change.noun, self.change.old, self.change.new) if self.change else None

    @property
    def label(self) -> str:
        return BY_SINGULAR[self.change.noun].slug if self.change else ""

    @property
    def vocabulary(self) -> Vocabulary | None:
        return BY_SINGULAR[self.change.noun].vocabulary if self.change else None

    @property
    def list_name(self) -> str:
        return f"{self.label}:list"

    @property
    def url_name(self) -> str:
        return f"{self.label}:detail" if self.change else ""


def list_recent_activity(workspace: Workspace, *, limit: int) -> list[ActivityItem]:
    """What people did first, then what was observed, each the newest first."""
    events = Event.objects.filter(workspace=workspace.slug).order_by("-sequence")[:limit]
    changes = StatusChange.objects.filter(workspace=workspace)[: limit * LOOKED_AT]
    items = [
        *(ActivityItem(event.at, event=event) for event in events),
        *(ActivityItem(change.first_seen_new_at, change=change) for change in changes),
    ]
    newest = sorted(items, key=lambda item: item.at, reverse=True)
    acts = [item for item in newest if item.is_act]
    observed = collapse(item for item in newest if not item.is_act)
    return [*acts[: limit // 2], *observed][:limit]


def collapse(items: Iterable[ActivityItem]) -> list[ActivityItem]:
    """Neighbours of one kind are one item."""
    found: list[ActivityItem] = []
    for item in items:
        if found and item.kind is not None and found[-1].kind == item.kind:
            found[-1] = replace(found[-1], number=found[-1].number + 1)
        else:
            found.append(item)
    return found
