"""Specifies the search, filters and sort orders of a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from django.db.models import F, Model, OrderBy, Q, QuerySet

from loopsweb.ui.facets import Facets, RowCounts, choose_first, count_rows, find_met
from loopsweb.ui.filter_values import decode_value, encode_value
from loopsweb.ui.url_text import clean_text

Row = TypeVar("Row", bound=Model)

MAX_COUNTED = 20_000  # rows of a list whose values are counted, the newest
MAX_OPTIONS = 50  # of a select box; more are suggestions of a text field
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


@dataclass(frozen=True, kw_only=True)
class ListSpec:
    """search: the field with the normalised text in which each word of `q` is looked for.
    searched: what that text holds, in words.
    sorts: {name in the URL: field}, "-field" where the largest comes from the least. descending:
    sorts that start with the newest or largest.
    apart: rows that are listed, and counted apart as not in the last answer. most_counted: of rows
    whose values are counted; None for all, where an index has what is counted."""

    search: str = "search_text"
    searched: str
    filters: tuple[Filter, ...] = ()
    sorts: Mapping[str, str]
    default_sort: str
    descending: frozenset[str] = frozenset({"created", "size", "gpus", "cost", "idle"})
    apart: Q = NO_ROWS
    most_counted: int | None = MAX_COUNTED

    @property
    def counted_fields(self) -> set[str]:
        """Those whose values the filters offer."""
        return {one.field for one in self.filters if one.field and not one.is_typed}

    def count_facets(
        self,
        rows: QuerySet[Row],
        *,
        filled: Mapping[str, Q] | None = None,
        kept: RowCounts | None = None,
    ) -> Facets:
        """Count all rows, and the values of all filters among the newest `most_counted` rows, and
        find which of the conditions `filled` any of the newest MAX_LOOKED_AT rows meets.

        kept: what `count_rows` has counted before, of all rows as they are now."""
        newest = rows.order_by(
            build_order(rows.model, self.sorts[self.default_sort.removeprefix("-")]), "-pk"
        )
        counts, is_whole = (kept, True) if kept else self.count_newest(rows, newest)
        fields = self.counted_fields
        named = {one.name: one.field for one in self.filters if one.field in fields}
        return Facets(
            total=counts.total,
            values={name: counts.values[field] for name, field in named.items()},
            is_whole=is_whole,
            filled=find_met(newest, filled or {}),
            apart={name: counts.values_apart[field] for name, field in named.items()},
            total_apart=counts.apart,
        )

    def count_newest(self, rows: QuerySet[Row], newest: QuerySet[Row]) -> tuple[RowCounts, bool]:
        """What is counted, and whether of all rows."""
        fields, most = self.counted_fields, self.most_counted
        if most is None or (total := rows.order_by().count()) <= most:
            return count_rows(rows, fields, apart=self.apart), True
        counts = count_rows(choose_first(newest, most), fields, apart=self.apart)
        return replace(counts, total=total, apart=rows.filter(self.apart).count()), False


def build_order(model: type[Model], field: str, *, is_descending: bool = True) -> OrderBy:
    """By a field or annotation, unknown values last. Where there are none, the database is not told
    so: PostgreSQL would use no index."""
    known = {one.name for one in model._meta.concrete_fields if not one.null}
    nulls_last = None if field in known else True
    by = F(field)
    return by.desc(nulls_last=nulls_last) if is_descending else by.asc(nulls_last=nulls_last)
