"""Groups the events of an incident: what was requested and what followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet

from loopsweb.audit.models import Event


@dataclass(frozen=True)
class Step:
    """One event of an incident.

    after: the time since the first event. action: "" when the step before has the same one.
    by: "" when the first event names the same person.
    """

    event: Event
    after: timedelta
    action: str = ""
    by: str = ""


@dataclass(frozen=True)
class Incident:
    """event: the one on the current list page. steps: all events of the incident, oldest first."""

    event: Event
    steps: list[Step]

    @property
    def first(self) -> Event:
        """The event that says what was done, by whom and why."""
        return self.steps[0].event


def build_steps(events: Sequence[Event]) -> list[Step]:
    """events: of one incident, oldest first."""
    steps: list[Step] = []
    for event in events:
        before = steps[-1].event if steps else event
        first = steps[0].event if steps else event
        steps.append(
            Step(
                event,
                after=event.at - first.at,
                action=event.action if event.action != before.action else "",
                by=event.person if event.person != first.person else "",
            )
        )
    return steps


def group_by_incident(rows: Sequence[Event], events: QuerySet[Event]) -> list[Incident]:
    """One incident per group of `rows`, in their order. events: all of the workspace."""
    found: dict[UUID, list[Event]] = defaultdict(list)
    incidents = {row.incident for row in rows}
    for event in events.filter(incident__in=incidents).order_by("sequence"):
        found[event.incident].append(event)
    first = {row.incident: row for row in reversed(rows)}
    return [
        Incident(row, build_steps(found[row.incident]))
        for row in rows
        if first[row.incident] is row
    ]
