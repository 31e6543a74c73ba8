"""Specifies the search, filters and sort orders of a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Count, Model, Q, QuerySet

from loopsweb.ui.filter_values import decode_value, encode_value
from loopsweb.ui.url_text import clean_text

Row = TypeVar("Row", bound=Model)
ValueCounts = list[tuple[str, int]]

MAX_COUNTED = 20_000  # rows of a list whose values are looked at, the newest
MAX_OPTIONS = 50  # of a select box; more are suggestions of a text field
MAX_SUGGESTIONS = 200
NO_ROWS = Q(pk__in=[])


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
    filled: names of the conditions that any row meets. apart, total_apart: how many of these
    rows the spec counts apart."""

    total: int | None = None
    values: dict[str, ValueCounts] = field(default_factory=dict)
    is_whole: bool = True
    filled: list[str] = field(default_factory=list)
    apart: dict[str, dict[str, int]] = field(default_factory=dict)
    total_apart: int = 0


@dataclass(frozen=True, kw_only=True)
class ListSpec:
    """search: the field with the normalised text in which each word of `q` is looked for.
    sorts: {name in the URL: field}, "-field" where the largest comes from the least. descending:
    sorts that start with the newest or largest.
    apart: rows that are listed, and counted apart as not in the last answer."""

    search: str = "search_text"
    filters: tuple[Filter, ...] = ()
    sorts: Mapping[str, str]
    default_sort: str
    descending: frozenset[str] = frozenset({"created", "size", "gpus", "cost", "idle"})
    apart: Q = NO_ROWS

    def count_facets(
        self,
        rows: QuerySet[Row],
        *,
        filled: Mapping[str, Q] | None = None,
        at_most: int = MAX_COUNTED,
    ) -> Facets:
        """Count the values of all filters in one query, among the newest `at_most` rows, and find
        which of the conditions `filled` any of them meets."""
        named = [one for one in self.filters if one.field and not one.is_typed]
        if not named:
            return Facets()
        newest = rows.order_by(f"-{self.sorts[self.default_sort.removeprefix('-')]}", "-pk")
        counted = rows.model._default_manager.filter(pk__in=newest.values("pk")[: at_most + 1])
        total = total_apart = 0
        counts: dict[str, Counter[str]] = {one.name: Counter() for one in named}
        apart: dict[str, Counter[str]] = {one.name: Counter() for one in named}
        numbers = {f"met_{name}": Count("pk", filter=one) for name, one in (filled or {}).items()}
        numbers |= {"rows": Count("pk"), "apart": Count("pk", filter=self.apart)}
        met = set()
        groups = counted.order_by().values(*{one.field for one in named})
        for group in groups.annotate(**numbers):
            met |= {name for name in filled or () if group[f"met_{name}"]}
            total, total_apart = total + group["rows"], total_apart + group["apart"]
            for one in named:
                value = encode_value(str(group[one.field]))
                counts[one.name][value] += group["rows"]
                apart[one.name][value] += group["apart"]
        is_whole = total <= at_most
        values = {name: count.most_common(MAX_SUGGESTIONS) for name, count in counts.items()}
        known_apart = {name: dict(+each) for name, each in apart.items()}
        whole = total if is_whole else None
        return Facets(whole, values, is_whole, sorted(met), known_apart, total_apart)
