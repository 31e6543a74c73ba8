"""Specifies the search, filters and sort orders of a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Count, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
ValueCounts = list[tuple[str, int]]

MAX_CHOICES = 50
NO_ROWS = Q(pk__in=[])
UNKNOWN = "-"  # in the URL: rows where the API sent no value


@dataclass(frozen=True)
class Filter:
    """A query parameter. Its choices are the values of `field` or the names of `conditions`; with
    `where`, any text is allowed and `where` builds the condition."""

    name: str
    label: str
    field: str = ""
    conditions: Mapping[str, tuple[str, Q]] | None = None
    where: Callable[[str], Q] | None = None

    def build_condition(self, value: str) -> Q:
        if self.where:
            return self.where(value)
        if self.conditions:
            return self.conditions[value][1] if value in self.conditions else NO_ROWS
        return Q(**{self.field: "" if value == UNKNOWN else value})


@dataclass(frozen=True)
class Facets:
    """values: per filter, most frequent first. total: number of rows, None if not counted."""

    total: int | None = None
    values: Mapping[str, ValueCounts] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ListSpec:
    """search: the field with the normalised text in which each word of `q` is looked for.
    sorts: {name in the URL: field}. descending: sorts that start with the newest or largest."""

    search: str = "search_text"
    filters: tuple[Filter, ...] = ()
    sorts: Mapping[str, str]
    default_sort: str
    descending: frozenset[str] = frozenset({"created", "size", "gpus"})

    def count_facets(self, rows: QuerySet[Row]) -> Facets:
        """Count the values of all filters in one query."""
        named = [one for one in self.filters if one.field]
        if not named:
            return Facets()
        total = 0
        counts: dict[str, Counter[str]] = {one.name: Counter() for one in named}
        fields = {one.field for one in named}
        for group in rows.order_by().values(*fields).annotate(rows=Count("pk")):
            total += group["rows"]
            for one in named:
                counts[one.name][str(group[one.field]) or UNKNOWN] += group["rows"]
        return Facets(total, {k: count.most_common(MAX_CHOICES) for k, count in counts.items()})
