"""Paginated lists whose whole state is in the URL: search, filters, sort and page.

A search that is too long is refused. Other invalid values are ignored: a missing page becomes the
nearest one, an unknown sort the default.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Case, Count, Model, Q, QuerySet, Value, When
from django.http import QueryDict
from django.utils.http import urlencode

from loopsweb.ui.facets import Facets
from loopsweb.ui.filter_values import UNKNOWN
from loopsweb.ui.filters import MAX_OPTIONS, NO_ROWS, Filter, ListSpec, build_order
from loopsweb.ui.search import explain_refusal, match_words
from loopsweb.ui.url_text import clean_text, parse_page_number, remove_nul

Row = TypeVar("Row", bound=Model)
PAGE_SIZE = 50
COMMON, PERHAPS_COMMON = 20, 200  # what more than one row in so many meets
MOST_FOUND = 5_000  # rows that are counted of what a search finds, or filters without counts of it


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

    def select(self, rows: QuerySet[Row], *, is_common: bool = False) -> QuerySet[Row]:
        """Filter and sort. Ties are broken by the newest row.

        is_common: of what many rows meet, the first are found soonest in the order of the sort. The
        database is kept from collecting all of them first by an index of the filter.
        """
        field = self.spec.sorts[self.sort.removeprefix("-")]
        is_descending = self.sort.startswith("-") != field.startswith("-")
        by = build_order(rows.model, field.removeprefix("-"), is_descending=is_descending)
        condition = self.condition()
        if is_common and condition:
            met = Case(When(condition, then=Value(True)), default=Value(False))  # noqa: FBT003
            return rows.filter(met).order_by(by, "-pk")
        return rows.filter(condition).order_by(by, "-pk")

    def page(self, rows: QuerySet[Row], facets: Facets) -> Page[Row]:
        counts = self.count(rows, facets)
        pages = max(1, -(-counts.found // self.size))
        number = min(self.number, pages)
        start = (number - 1) * self.size
        ordered = self.select(rows, is_common=counts.are_common)
        return Page(
            query=self,
            rows=list(choose_between(ordered, start, start + self.size)) if counts.found else [],
            number=number,
            pages=pages,
            **vars(counts),
        )

    def count(self, rows: QuerySet[Row], facets: Facets) -> PageCounts:
        condition, apart = self.condition(), self.spec.apart
        if facets.total is None and apart == NO_ROWS:
            facets = Facets(rows.order_by().count())
        if facets.total is None:
            found = {"found": Count("pk", filter=condition)}
            found |= {"apart": Count("pk", filter=condition & apart)}
            return PageCounts(**rows.aggregate(total=Count("pk"), **found))
        if not self.is_filtered:
            return PageCounts(facets.total, facets.total, facets.total_apart)
        if counted := self.look_up_count(facets):
            return PageCounts(facets.total, *counted)
        chosen, most = rows.filter(condition), max(MOST_FOUND, self.number * self.size)
        if (some := chosen.order_by().values("pk")[: most + 1].count()) > most:
            return PageCounts(facets.total, most, None if facets.total_apart else 0, has_more=True)
        return PageCounts(
            facets.total, some, chosen.filter(apart).count() if facets.total_apart else 0
        )

    def look_up_count(self, facets: Facets) -> tuple[int, int] | None:
        """found and apart of the page, if the facets have counted just these rows."""
        if self.q or len(self.chosen) != 1 or not facets.is_whole:
            return None
        [(name, value)] = self.chosen.items()
        counts, apart = dict(facets.values.get(name, ())), facets.apart.get(name, {})
        return (counts[value], apart.get(value, 0)) if value in counts else None

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


def choose_between(ordered: QuerySet[Row], start: int, end: int) -> QuerySet[Row]:
    """What is annotated is not computed for the rows before them."""
    wanted = ordered.values("pk")[start:end]
    return ordered.filter(pk__in=wanted) if start else ordered[start:end]


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

    @property
    def shown(self) -> str:
        """What the select box shows of the chosen value."""
        return dict(self.options).get(self.chosen, "")

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


@dataclass(frozen=True)
class PageCounts:
    """total: number of all rows. found: number of matching rows, and has_more when there are more.
    apart: how many of these the spec counts apart; None when that is unknown."""

    total: int
    found: int
    apart: int | None
    has_more: bool = False

    @property
    def are_common(self) -> bool:
        """Of what was not counted to its end, there may be far more."""
        return self.found * (PERHAPS_COMMON if self.has_more else COMMON) > self.total


@dataclass(frozen=True, kw_only=True)
class Page(PageCounts, Generic[Row]):
    """pages: at least so many, when there are more rows than were counted."""

    query: ListQuery
    rows: list[Row]
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
        is_last = self.number == self.pages and not self.has_more
        return "" if is_last else self.query.url(page=self.number + 1)
