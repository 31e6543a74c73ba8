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
    `where`, any text is allowed and `where` builds the condition. is_typed: the list's own template
    has a text field for it."""

    name: str
    label: str
    field: str = ""
    conditions: Mapping[str, tuple[str, Q]] | None = None
    where: Callable[[str], Q] | None = None
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
    filled: names of the conditions that any of the rows meets."""

    total: int | None = None
    values: dict[str, ValueCounts] = field(default_factory=dict)
    is_whole: bool = True
    filled: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ListSpec:
    """search: the field with the normalised text in which each word of `q` is looked for.
    sorts: {name in the URL: field}. descending: sorts that start with the newest or largest."""

    search: str = "search_text"
    filters: tuple[Filter, ...] = ()
    sorts: Mapping[str, str]
    default_sort: str
    descending: frozenset[str] = frozenset({"created", "size", "gpus"})

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
        total = 0
        counts: dict[str, Counter[str]] = {one.name: Counter() for one in named}
        fields = {one.field for one in named}
        numbers = {f"met_{name}": Count("pk", filter=one) for name, one in (filled or {}).items()}
        met = set()
        for group in counted.order_by().values(*fields).annotate(rows=Count("pk"), **numbers):
            met |= {name.removeprefix("met_") for name in numbers if group[name]}
            total += group["rows"]
            for one in named:
                counts[one.name][encode_value(str(group[one.field]))] += group["rows"]
        is_whole = total <= at_most
        values = {name: count.most_common(MAX_SUGGESTIONS) for name, count in counts.items()}
        return Facets(total if is_whole else None, values, is_whole, sorted(met))
