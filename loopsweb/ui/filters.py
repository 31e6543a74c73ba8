"""Specifies the search, filters and sort orders of a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Count, F, Model, OrderBy, Q, QuerySet, Value

from loopsweb.ui.filter_values import decode_value, encode_value
from loopsweb.ui.url_text import clean_text

Row = TypeVar("Row", bound=Model)
ValueCounts = list[tuple[str, int]]

MAX_COUNTED = 20_000  # rows of a list whose values are counted, the newest
MAX_LOOKED_AT = 1000  # rows of a list in which filled columns are looked for, the newest
MAX_OPTIONS = 50  # of a select box; more are suggestions of a text field
MAX_SUGGESTIONS = 200
NO_ROWS = Q(pk__in=[])
ONE = Value(1)  # to count rows by an index that does not have their primary key


@dataclass(frozen=True)
class Filter:
    """A query parameter. Its choices are the values of `field` or the names of `conditions`; with
    `where`, `where` builds the condition of any text that `explain` does not refuse. is_typed: the
    list's own template has a text field for it."""

    name: str
    label: str
    field: str = ""
    conditions: Mapping[str, tuple[str, Q]] | None = None
    where: Callable[[str], Q] | None = None
    explain: Callable[[str], str] | None = None
    is_typed: bool = False

    def parse(self, given: str | None) -> str:
        """The parameter in its one form, "" where it is not given."""
        if self.field and given:
            return encode_value(decode_value(given))
        return clean_text(given)

    def describe(self, value: str) -> str:
        """A chosen value as the page shows it beside the label."""
        if self.conditions:
            label = self.conditions[value][0] if value in self.conditions else f"{value} (none)"
            return label.removeprefix(f"{self.label}: ")
        return decode_value(value) or "Not known" if self.field else value

    def build_condition(self, value: str) -> Q:
        if self.where:
            return self.where(value)
        if self.conditions:
            return self.conditions[value][1] if value in self.conditions else NO_ROWS
        return Q(**{self.field: decode_value(value)})


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


@dataclass(frozen=True, kw_only=True)
class ListSpec:
    """search: the field with the normalised text in which each word of `q` is looked for.
    searched: what that text holds, in words.
    sorts: {name in the URL: field}, "-field" where the largest comes from the least. descending:
    sorts that start with the newest or largest.
    apart: rows that are listed, and counted apart as not in the last answer. most_counted: of rows
    whose values are counted; more where an index has all that is counted."""

    search: str = "search_text"
    searched: str
    filters: tuple[Filter, ...] = ()
    sorts: Mapping[str, str]
    default_sort: str
    descending: frozenset[str] = frozenset({"created", "size", "gpus", "cost", "idle"})
    apart: Q = NO_ROWS
    most_counted: int = MAX_COUNTED

    def count_facets(self, rows: QuerySet[Row], *, filled: Mapping[str, Q] | None = None) -> Facets:
        """Count all rows, and the values of all filters among the newest `most_counted` rows, and
        find which of the conditions `filled` any of the newest MAX_LOOKED_AT rows meets."""
        total = rows.order_by().count()
        newest = rows.order_by(
            build_order(rows.model, self.sorts[self.default_sort.removeprefix("-")]), "-pk"
        )
        named = [one for one in self.filters if one.field and not one.is_typed]
        met = find_met(newest, filled or {})
        if not named:
            return Facets(total, filled=met, total_apart=rows.filter(self.apart).count())
        is_whole = total <= self.most_counted
        counted = rows if is_whole else choose_first(newest, self.most_counted)
        counts: dict[str, Counter[str]] = {one.name: Counter() for one in named}
        apart: dict[str, Counter[str]] = {one.name: Counter() for one in named}
        total_apart = 0
        groups = counted.order_by().values(*{one.field for one in named})
        for group in groups.annotate(rows=Count(ONE), apart=Count(ONE, filter=self.apart)):
            total_apart += group["apart"]
            for one in named:
                value = encode_value(str(group[one.field]))
                counts[one.name][value] += group["rows"]
                apart[one.name][value] += group["apart"]
        values = {name: count.most_common(MAX_SUGGESTIONS) for name, count in counts.items()}
        known_apart = {name: dict(+each) for name, each in apart.items()}
        if not is_whole:
            total_apart = rows.filter(self.apart).count()
        return Facets(total, values, is_whole, met, known_apart, total_apart)


def build_order(model: type[Model], field: str, *, is_descending: bool = True) -> OrderBy:
    """By a field or annotation, unknown values last. Where there are none, the database is not told
    so: PostgreSQL would use no index."""
    known = {one.name for one in model._meta.concrete_fields if not one.null}
    nulls_last = None if field in known else True
    by = F(field)
    return by.desc(nulls_last=nulls_last) if is_descending else by.asc(nulls_last=nulls_last)


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
