"""Groups the events of an incident: the request and what followed it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
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
    """events: of one incident, oldest first; empty where the trail has none."""
    if not events:
        return []
    first, steps = events[0], []
    for before, event in pairwise([first, *events]):
        action = event.action if event.action != before.action else ""
        by = event.person if event.person != first.person else ""
        steps.append(Step(event, event.at - first.at, action, by))
    return steps


def group_by_incident(rows: Sequence[Event], events: QuerySet[Event]) -> list[Incident]:
    """One incident per group of `rows`, in their order. events: all of the workspace."""
    first_rows: dict[UUID, Event] = {}
    for row in rows:
        first_rows.setdefault(row.incident, row)
    found: dict[UUID, list[Event]] = defaultdict(list)
    for event in events.filter(incident__in=first_rows).order_by("sequence"):
        found[event.incident].append(event)
    return [Incident(row, build_steps(found[incident])) for incident, row in first_rows.items()]
