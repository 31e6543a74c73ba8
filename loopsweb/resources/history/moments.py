"""All rows of a noun as they were at a moment, selected by the database."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar, cast

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from loopsweb.resources.history.observation import Observation
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.unknown_periods import UnknownPeriod

Row = TypeVar("Row", bound=Snapshot)


def select_moment(rows: QuerySet[Row], *, at: datetime, observation: Observation) -> QuerySet[Row]:
    """The rows that had been seen by then, with the status that they had been seen with,
    `status_then`, and whether it was so at that moment as far as was observed, `is_known_then`.
    What had ended stays ended."""
    model = rows.model
    of_the_row = {"noun": model.noun} | {
        name: OuterRef(name) for name in ("workspace", "remote_id")
    }
    unknown = UnknownPeriod.objects.filter(**of_the_row, since__lte=at, until__gt=at)
    is_given = ~Exists(unknown) & (Q(unknown_since=None) | Q(unknown_since__gt=at))
    had_none = Exists(unknown.filter(since__lte=OuterRef("first_seen_at")))
    status = Case(When(had_none, then=Value("")), default=find_status(model, at))
    seen = rows.filter(first_seen_at__lte=at).annotate(status_then=status)
    is_known = is_observed(observation, at) & is_given
    if model.vocabulary:
        is_known |= Q(status_then__in=model.vocabulary.terminal)
    known = seen.annotate(is_known_then=Case(When(is_known, then=True), default=False))
    return cast("QuerySet[Row]", known)


def find_status(model: type[Snapshot], at: datetime) -> Coalesce | Value:
    """The status before the first change after `at`, else the present one."""
    if model.vocabulary is None:
        return Value("")
    later = StatusChange.objects.filter(
        workspace=OuterRef("workspace"),
        noun=model.noun,
        remote_id=OuterRef("remote_id"),
        first_seen_new_at__gt=at,
    ).order_by("first_seen_new_at", "pk")
    return Coalesce(Subquery(later.values("old")[:1]), F(model.status_field))


def is_observed(observation: Observation, at: datetime) -> Q:
    keys = observation.find_keys(at)
    condition = Q(source_key__in=[key for key in keys if key])
    return condition | Q(source_key=None) if None in keys else condition
