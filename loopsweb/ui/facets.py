"""Counts the rows of a list, and those that have each value of its filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Count, Model, Q, QuerySet, Value

from loopsweb.ui.filter_values import encode_value

Row = TypeVar("Row", bound=Model)
ValueCounts = list[tuple[str, int]]

MAX_LOOKED_AT = 1000  # rows of a list in which filled columns are looked for, the newest
MAX_SUGGESTIONS = 200
ONE = Value(1)  # to count rows by an index that does not have their primary key


@dataclass(frozen=True)
class Facets:
    """values: per filter, most frequent first, with the number of rows. total: number of all rows,
    None if not counted. is_whole: False when `values` are those of the newest rows alone.
    filled: names of the conditions that any of the newest rows meets. apart, total_apart: how many
    of these rows the spec counts apart."""

    total: int | None = None
    values: dict[str, ValueCounts] = field(default_factory=dict)
    is_whole: bool = True
    filled: list[str] = field(default_factory=list)
    apart: dict[str, dict[str, int]] = field(default_factory=dict)
    total_apart: int = 0


@dataclass(frozen=True)
class RowCounts:
    """total: of all rows. apart: of those that are counted apart. values: {field: (value in a URL,
    rows)}, the most frequent first. values_apart: how many of them are counted apart."""

    total: int
    apart: int
    values: dict[str, ValueCounts]
    values_apart: dict[str, dict[str, int]]


def count_rows(rows: QuerySet[Row], fields: Collection[str], *, apart: Q) -> RowCounts:
    """Count the rows, and the values of `fields`."""
    numbers = {"rows": Count(ONE), "apart": Count(ONE, filter=apart)}
    if not fields:
        found = rows.order_by().aggregate(**numbers)
        return RowCounts(found["rows"], found["apart"], {}, {})
    values = {one: Counter[str]() for one in fields}
    values_apart = {one: Counter[str]() for one in fields}
    total = total_apart = 0
    for group in rows.order_by().values(*fields).annotate(**numbers):
        total += group["rows"]
        total_apart += group["apart"]
        for one in fields:
            value = encode_value(str(group[one]))
            values[one][value] += group["rows"]
            values_apart[one][value] += group["apart"]
    frequent = {
        one: sorted(each.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_SUGGESTIONS]
        for one, each in values.items()
    }
    known_apart = {
        one: {value: number for value, _ in pairs if (number := values_apart[one][value])}
        for one, pairs in frequent.items()
    }
    return RowCounts(total, total_apart, frequent, known_apart)


def choose_first(ordered: QuerySet[Row], count: int) -> QuerySet[Row]:
    """The first rows, without their order."""
    return ordered.model._default_manager.filter(pk__in=ordered.values("pk")[:count])


def find_met(newest: QuerySet[Row], conditions: Mapping[str, Q]) -> list[str]:
    """The names of those conditions that any of the newest rows meets."""
    if not conditions:
        return []
    numbers = {name: Count("pk", filter=one) for name, one in conditions.items()}
    met = choose_first(newest, MAX_LOOKED_AT).aggregate(**numbers)
    return sorted(name for name, number in met.items() if number)
