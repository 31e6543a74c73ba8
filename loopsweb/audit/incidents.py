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
    """after: the incident's first event."""

    event: Event
    after: timedelta


@dataclass(frozen=True)
class Incident:
    """event: the one of it that was asked for. steps: all there are, oldest first."""

    event: Event
    steps: list[Step]


def steps(events: Sequence[Event]) -> list[Step]:
    """events: of one incident, oldest first."""
    return [Step(event, event.at - events[0].at) for event in events]


def together(rows: Sequence[Event], here: QuerySet[Event]) -> list[Incident]:
    """Each incident of `rows` once, where the first of its events stands."""
    found: dict[UUID, list[Event]] = defaultdict(list)
    for one in here.filter(incident__in={row.incident for row in rows}).order_by("pk"):
        found[one.incident].append(one)
    first = {row.incident: row for row in reversed(rows)}
    return [Incident(row, steps(found[row.incident])) for row in rows if first[row.incident] is row]
