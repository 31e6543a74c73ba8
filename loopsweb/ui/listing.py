"""A list whose whole state is its URL: search, filters, sort and page, fifty rows at a time.

What the URL says wrongly is passed over: a page that does not exist is the nearest one that does,
an unknown sort is the usual one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Generic, TypeVar

from django.db.models import Count, F, Model, Q, QuerySet
from django.http import QueryDict
from django.utils.http import urlencode

Row = TypeVar("Row", bound=Model)
Values = list[tuple[str, int]]  # found in a field, with how often

ROWS = 50
LONGEST = 300
LAST_PAGE = 10**9
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

    def read(self, params: QueryDict) -> Query:
        sort = clean(params.get("sort"))
        return Query(
            spec=self,
            q=clean(params.get("q")),
            chosen={one.name: v for one in self.filters if (v := clean(params.get(one.name)))},
            sort=sort if sort.removeprefix("-") in self.sorts else self.usual_sort,
            number=page_number(clean(params.get("page"))),
        )

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


def clean(text: str | None) -> str:
    """Text from a URL, fit for a database: no NUL, no endless length."""
    return (text or "").replace("\x00", "").strip()[:LONGEST].rstrip()


def page_number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else 1
    return max(1, min(number, LAST_PAGE))
