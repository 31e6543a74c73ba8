"""By what a list can be searched, filtered and sorted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Count, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
Values = list[tuple[str, int]]  # found in a field, with how often

MOST_CHOICES = 50
NOTHING = Q(pk__in=[])
UNKNOWN = "-"  # in the URL: those where the API did not say


@dataclass(frozen=True)
class Filter:
    """One choice in the URL: among the values found in `field`, or among `conditions` by name,
    or typed freely, where `where` makes the condition."""

    name: str
    label: str
    field: str = ""
    conditions: Mapping[str, tuple[str, Q]] | None = None
    where: Callable[[str], Q] | None = None

    def matching(self, value: str) -> Q:
        if self.where:
            return self.where(value)
        if self.conditions:
            return self.conditions[value][1] if value in self.conditions else NOTHING
        return Q(**{self.field: "" if value == UNKNOWN else value})


@dataclass(frozen=True)
class Census:
    """Per filter the values there are, most frequent first, and with them, where that costs no
    query of its own, how many rows."""

    total: int | None = None
    values: Mapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Spec:
    """search: fields that contain each word of `q`. sorts: {name in the URL: field}, of which
    those in `downward` start with the newest or largest."""

    search: tuple[str, ...]
    filters: tuple[Filter, ...] = ()
    sorts: Mapping[str, str]
    usual_sort: str
    downward: frozenset[str] = frozenset({"created", "size", "gpus"})

    def census(self, rows: QuerySet[Row]) -> Census:
        """One query for the values of all filters."""
        named = [one for one in self.filters if one.field]
        if not named:
            return Census()
        total = 0
        counts: dict[str, Counter[str]] = {one.name: Counter() for one in named}
        fields = {one.field for one in named}
        for group in rows.order_by().values(*fields).annotate(rows=Count("pk")):
            total += group["rows"]
            for one in named:
                counts[one.name][str(group[one.field]) or UNKNOWN] += group["rows"]
        return Census(total, {k: count.most_common(MOST_CHOICES) for k, count in counts.items()})
