"""How long rows have been idle, as far as they were observed, and the filter by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from django.db.models import Q

from loopsweb.resources.pages.freshness import Freshness
from loopsweb.resources.snapshot.models import GOING_ON, Costed
from loopsweb.ui.durations import explain_duration, parse_duration
from loopsweb.ui.filters import NO_ROWS, Filter, ListSpec

R = TypeVar("R")
IDLE_FROM = timedelta(minutes=30)  # what has been idle for less is not told of by itself
HOUR = 3600
SORTS = {"idle": "-last_work_at", "gpus": "gpus", "cost": "usd_per_hour"}


def find_observed_until(freshness: Freshness, *, now: datetime) -> datetime | None:
    """Until when signs of work would have been seen: now, while answers come when they are due.
    None where checkpoints have not been read, and so nothing is known to be idle."""
    if freshness.of("checkpoints").as_of is None:
        return None
    overall = freshness.overall
    return now if overall.state(now=now) == "ok" else overall.as_of


def match_idle(at_least: timedelta | None, *, until: datetime | None) -> Q:
    if at_least is None or until is None:
        return NO_ROWS
    return Q(last_work_at__lte=until - at_least) & ~Q(last_work_sign__in=GOING_ON)


def add_idle_filter(spec: ListSpec, *, find_until: Callable[[], datetime | None]) -> ListSpec:
    def build(text: str) -> Q:
        return match_idle(parse_duration(text), until=find_until())

    idle = Filter("idle", "Idle for at least", where=build, explain=explain_duration)
    return replace(spec, filters=(*spec.filters, idle))


def compute_cost(usd_per_hour: Decimal | None, time: timedelta | None) -> Decimal | None:
    """What was idle cost meanwhile: USD per hour as it is now, times the time."""
    if usd_per_hour is None or time is None:
        return None
    return usd_per_hour * Decimal(time.total_seconds()) / HOUR


def observe(rows: Iterable[R], *, until: datetime | None) -> Iterator[R]:
    """Let the rows know until when they are observed."""
    for row in rows:
        if isinstance(row, Costed):
            row.observed_until = until
        yield row
