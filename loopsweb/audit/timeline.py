"""One incident's events together: what was requested, what came of it, and when that was seen."""

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
    """after: the incident's first event. action, by: where they differ, from the step before and
    from the first."""

    event: Event
    after: timedelta
    action: str = ""
    by: str = ""


@dataclass(frozen=True)
class Incident:
    """event: the one of it that was asked for. steps: all there are, oldest first."""

    event: Event
    steps: list[Step]

    @property
    def first(self) -> Event:
        """Which says what was done, by whom and why."""
        return self.steps[0].event


def steps(events: Sequence[Event]) -> list[Step]:
    """events: of one incident, oldest first."""
    found: list[Step] = []
    for event in events:
        before = found[-1].event if found else event
        first = found[0].event if found else event
        found.append(
            Step(
                event,
                after=event.at - first.at,
                action=event.action if event.action != before.action else "",
                by=event.person if event.person != first.person else "",
            )
        )
    return found


def together(rows: Sequence[Event], here: QuerySet[Event]) -> list[Incident]:
    """Each incident of `rows` once, where the first of its events stands."""
    found: dict[UUID, list[Event]] = defaultdict(list)
    for one in here.filter(incident__in={row.incident for row in rows}).order_by("sequence"):
        found[one.incident].append(one)
    first = {row.incident: row for row in reversed(rows)}
    return [Incident(row, steps(found[row.incident])) for row in rows if first[row.incident] is row]
