"""A list whose whole state is its URL: search, filters, sort and page, fifty rows at a time.

What the URL says wrongly is passed over: a page that does not exist is the nearest one that does,
an unknown sort is the usual one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Generic, TypeVar

from django.db.models import Count, F, Model, Q, QuerySet
from django.http import QueryDict
from django.utils.http import urlencode

from loopsweb.ui.filters import UNKNOWN, Census, Spec
from loopsweb.ui.url_text import clean, page_number

Row = TypeVar("Row", bound=Model)
ROWS = 50


def read(spec: Spec, params: QueryDict) -> Query:
    sort = clean(params.get("sort"))
    return Query(
        spec=spec,
        q=clean(params.get("q")),
        chosen={one.name: v for one in spec.filters if (v := clean(params.get(one.name)))},
        sort=sort if sort.removeprefix("-") in spec.sorts else spec.usual_sort,
        number=page_number(clean(params.get("page"))),
    )


@dataclass(frozen=True, kw_only=True)
class Query:
    """What the URL asks for."""

    spec: Spec
    q: str
    chosen: dict[str, str]
    sort: str
    number: int

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.chosen)

    def url(self, **changes: str | int) -> str:
        """The shortest query string for this state with `changes`; other sort, page one."""
        state: dict[str, str | int] = {"q": self.q, **self.chosen, "sort": self.sort}
        state |= {"page": self.number if not changes else 1} | changes
        usual = {"sort": self.spec.usual_sort, "page": 1}
        return "?" + urlencode({k: v for k, v in state.items() if v and v != usual.get(k)})

    @property
    def csv_url(self) -> str:
        return self.url(format="csv")

    def condition(self) -> Q:
        asked = Q()
        for word in self.q.split():
            asked &= reduce(or_, (Q(**{f"{name}__icontains": word}) for name in self.spec.search))
        for one in self.spec.filters:
            if one.name in self.chosen:
                asked &= one.matching(self.chosen[one.name])
        return asked

    def select(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """The rows asked for, in a stable order: equal ones newest row first."""
        by = F(self.spec.sorts[self.sort.removeprefix("-")])
        order = by.desc(nulls_last=True) if self.sort.startswith("-") else by.asc(nulls_last=True)
        return rows.filter(self.condition()).order_by(order, "-pk")

    def page(self, rows: QuerySet[Row], census: Census) -> Page[Row]:
        counts: dict[str, int] = {"total": census.total or 0, "found": census.total or 0}
        if census.total is None or self.is_narrowed:
            unknown = {"total": Count("pk")} if census.total is None else {}
            counts |= rows.aggregate(found=Count("pk", filter=self.condition()), **unknown)
        pages = max(1, -(-counts["found"] // ROWS))
        number = min(self.number, pages)
        start = (number - 1) * ROWS
        return Page(
            query=self,
            rows=list(self.select(rows)[start : start + ROWS]) if counts["found"] else [],
            number=number,
            pages=pages,
            **counts,
        )

    def choices(self, census: Census) -> Iterator[Choices]:
        """For the selects of the form; the value chosen is among them even where nothing has it."""
        for one in self.spec.filters:
            if one.where:
                continue
            chosen = self.chosen.get(one.name, "")
            options = [(value, label) for value, (label, _) in (one.conditions or {}).items()] or [
                (value, f"{'Not known' if value == UNKNOWN else value} ({count:,})")
                for value, count in census.values.get(one.name, ())
            ]
            if chosen and chosen not in dict(options):
                options.append((chosen, f"{chosen} (none)"))
            if chosen or len(options) > 1:
                yield Choices(one.name, one.label, chosen, options)


@dataclass(frozen=True)
class Choices:
    name: str
    label: str
    chosen: str
    options: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Page(Generic[Row]):
    """found: rows that match; total: rows there are."""

    query: Query
    rows: list[Row]
    found: int
    total: int
    number: int
    pages: int

    @property
    def first(self) -> int:
        return (self.number - 1) * ROWS + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0

    @property
    def previous_url(self) -> str:
        return self.query.url(page=self.number - 1) if self.number > 1 else ""

    @property
    def next_url(self) -> str:
        return self.query.url(page=self.number + 1) if self.number < self.pages else ""
