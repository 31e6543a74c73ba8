"""All rows of a noun as they were at a moment, selected by the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar, cast

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from loopsweb.accounts.models import Workspace
from loopsweb.resources.history.observation import Observation
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.unknown_periods import UnknownPeriod

Row = TypeVar("Row", bound=Snapshot)


def select_moment(
    workspace: Workspace, model: type[Row], *, at: datetime, observation: Observation
) -> QuerySet[Row]:
    """The rows that had been seen by then, with the status that they had been seen with,
    `status_then`, and whether it was so at that moment as far as was observed, `is_known_then`.
    What had ended stays ended."""
    of_noun = {"workspace": workspace, "noun": model.noun}
    unknown = UnknownPeriod.objects.filter(**of_noun, since__lte=at, until__gt=at)
    was_unknown = is_among(unknown)
    is_given = ~was_unknown & (Q(unknown_since=None) | Q(unknown_since__gt=at))
    of_row = unknown.filter(remote_id=OuterRef("remote_id"))
    had_none = was_unknown & Exists(of_row.filter(since__lte=OuterRef("first_seen_at")))
    status = Case(When(had_none, then=Value("")), default=find_status(model, of_noun, at=at))
    rows = model._default_manager.filter(workspace=workspace, first_seen_at__lte=at)
    seen = rows.annotate(status_then=status)
    is_known = is_observed(observation, at) & is_given
    if model.vocabulary:
        is_known |= Q(status_then__in=model.vocabulary.terminal)
    known = seen.annotate(is_known_then=Case(When(is_known, then=True), default=False))
    return cast("QuerySet[Row]", known)


def is_among(noted: QuerySet[Any]) -> Q:
    """True of the rows that any of `noted` is about: read once, and not for each row."""
    return Q(remote_id__in=noted.values("remote_id"))


def find_status(model: type[Snapshot], of_noun: dict[str, Any], *, at: datetime) -> Case | Value:
    """The status before the first change after `at`, else the present one."""
    if model.vocabulary is None:
        return Value("")
    later = StatusChange.objects.filter(**of_noun, first_seen_new_at__gt=at)
    first = later.filter(remote_id=OuterRef("remote_id")).order_by("first_seen_new_at", "pk")
    before = Subquery(first.values("old")[:1])
    return Case(When(is_among(later), then=before), default=F(model.status_field))


def is_observed(observation: Observation, at: datetime) -> Q:
    keys = observation.find_keys(at)
    condition = Q(source_key__in=[key for key in keys if key])
    return condition | Q(source_key=None) if None in keys else condition
