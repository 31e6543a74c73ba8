"""Paginated lists whose whole state is in the URL: search, filters, sort and page.

A search that is too long is refused. Other invalid values are ignored: a missing page becomes the
nearest one, an unknown sort the default.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Count, F, Model, Q, QuerySet
from django.http import QueryDict
from django.utils.http import urlencode

from loopsweb.ui.filter_values import UNKNOWN
from loopsweb.ui.filters import MAX_OPTIONS, Facets, Filter, ListSpec
from loopsweb.ui.search import explain_refusal, match_words
from loopsweb.ui.url_text import clean_text, parse_page_number, remove_nul

Row = TypeVar("Row", bound=Model)
PAGE_SIZE = 50


def parse_query(spec: ListSpec, params: QueryDict, *, size: int = PAGE_SIZE) -> ListQuery:
    sort = clean_text(params.get("sort"))
    return ListQuery(
        spec=spec,
        q=remove_nul(params.get("q")).strip(),
        chosen={one.name: v for one in spec.filters if (v := one.parse(params.get(one.name)))},
        sort=sort if sort.removeprefix("-") in spec.sorts else spec.default_sort,
        number=parse_page_number(clean_text(params.get("page"))),
        size=size,
    )


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """A parsed query string. size: rows of a page, which the person chose."""

    spec: ListSpec
    q: str
    chosen: dict[str, str]
    sort: str
    number: int
    size: int = PAGE_SIZE

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.chosen)

    @property
    def is_default_sort(self) -> bool:
        return self.sort == self.spec.default_sort

    @property
    def refusals(self) -> dict[str, str]:
        """{parameter: why it is refused}."""
        reasons = {"q": explain_refusal(self.q)}
        for one in self.spec.filters:
            if one.explain:
                reasons[one.name] = one.explain(self.chosen.get(one.name, ""))
        return {name: reason for name, reason in reasons.items() if reason}

    def url(self, **changes: str | int) -> str:
        """Return the shortest query string for this state with `changes`, which reset the page."""
        state: dict[str, str | int] = {"q": self.q, **self.chosen, "sort": self.sort}
        state |= {"page": self.number if not changes else 1} | changes
        defaults = {"sort": self.spec.default_sort, "page": 1}
        return "?" + urlencode({k: v for k, v in state.items() if v and v != defaults.get(k)})

    def condition(self) -> Q:
        condition = match_words(self.q, self.spec.search)
        for one in self.spec.filters:
            if one.name in self.chosen:
                condition &= one.build_condition(self.chosen[one.name])
        return condition

    def select(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Filter and sort. Ties are broken by the newest row."""
        field = self.spec.sorts[self.sort.removeprefix("-")]
        by = F(field.removeprefix("-"))
        is_descending = self.sort.startswith("-") != field.startswith("-")
        order = by.desc(nulls_last=True) if is_descending else by.asc(nulls_last=True)
        return rows.filter(self.condition()).order_by(order, "-pk")

    def page(self, rows: QuerySet[Row], facets: Facets) -> Page[Row]:
        total, condition = facets.total or 0, self.condition()
        counts: dict[str, int] = {"total": total, "found": total, "apart": facets.total_apart}
        if facets.total is None or self.is_filtered:
            unknown = {"total": Count("pk")} if facets.total is None else {}
            unknown |= {"apart": Count("pk", filter=condition & self.spec.apart)}
            counts |= rows.aggregate(found=Count("pk", filter=condition), **unknown)
        pages = max(1, -(-counts["found"] // self.size))
        number = min(self.number, pages)
        start = (number - 1) * self.size
        return Page(
            query=self,
            rows=list(self.select(rows)[start : start + self.size]) if counts["found"] else [],
            number=number,
            pages=pages,
            **counts,
        )

    def choices(self, facets: Facets) -> Iterator[Choices]:
        """The fields of the form. Any chosen value stays chosen, also if no row has it."""
        for one in self.spec.filters:
            if one.where or one.is_typed:
                continue
            chosen = self.chosen.get(one.name, "")
            given = Choices.of_conditions if one.conditions else Choices.of_values
            choices = given(one, chosen, facets)
            if chosen or len(choices.options) > 1:
                yield choices


def describe_count(count: int, apart: int) -> str:
    """4 + 3 not in the last answer"""
    return f"{count - apart:,} + {apart:,} not in the last answer" if apart else f"{count:,}"


@dataclass(frozen=True)
class Choices:
    """One filter in the form: a select box, or a text field that suggests its options because there
    are too many of them or not all are known."""

    name: str
    label: str
    chosen: str
    options: list[tuple[str, str]]
    is_text: bool = False

    @classmethod
    def of_conditions(cls, one: Filter, chosen: str, _facets: Facets) -> Choices:
        options = [(value, label) for value, (label, _) in (one.conditions or {}).items()]
        if chosen and chosen not in dict(options):
            options.append((chosen, f"{chosen} (none)"))
        return cls(one.name, one.label, chosen, options)

    @classmethod
    def of_values(cls, one: Filter, chosen: str, facets: Facets) -> Choices:
        values = facets.values.get(one.name, [])
        names = {value: "Not known" if value == UNKNOWN else value for value, _ in values}
        if not facets.is_whole:  # numbers of rows would be too small
            return cls(one.name, one.label, chosen, list(names.items()), is_text=True)
        apart = facets.apart.get(one.name, {})
        options = [
            (value, f"{names[value]} ({describe_count(count, apart.get(value, 0))})")
            for value, count in values
        ]
        if len(options) > MAX_OPTIONS:
            return cls(one.name, one.label, chosen, options, is_text=True)
        if chosen and chosen not in names:
            options.append((chosen, f"{chosen} (none)"))
        return cls(one.name, one.label, chosen, options)


@dataclass(frozen=True, kw_only=True)
class Page(Generic[Row]):
    """found: number of matching rows. apart: how many of these the spec counts apart. total: number
    of all rows."""

    query: ListQuery
    rows: list[Row]
    found: int
    apart: int
    total: int
    number: int
    pages: int

    @property
    def first(self) -> int:
        return (self.number - 1) * self.query.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0

    @property
    def previous_url(self) -> str:
        return self.query.url(page=self.number - 1) if self.number > 1 else ""

    @property
    def next_url(self) -> str:
        return self.query.url(page=self.number + 1) if self.number < self.pages else ""
