from __future__ import annotations

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.resources.runs.views import SPEC
from loopsweb.ui.filters import Facets
from loopsweb.ui.listing import parse_query
from loopsweb.ui.url_text import MAX_PAGE, parse_page_number

state = st.fixed_dictionaries(
    {},
    optional={
        "q": st.text(st.characters(exclude_categories=["Cs"])),
        "status": st.text(st.characters(exclude_categories=["Cs"])),
        "sort": st.sampled_from(["name", "-name", "created", "nonsense", "-", ""]),
        "page": st.sampled_from(["1", "2", "-1", "0", "x", "9" * 5000, "²"]),
    },
)


@given(state)
def test_the_url_round_trips(params: dict[str, str]) -> None:
    query_dict = QueryDict(mutable=True)
    query_dict.update(params)
    query = parse_query(SPEC, query_dict)
    again = parse_query(SPEC, QueryDict(query.url().removeprefix("?")))
    assert again == query


@pytest.mark.parametrize(
    ("text", "number"),
    [("", 1), ("3", 3), ("0", 1), ("-2", 1), ("x", 1), ("²", 1), ("9" * 4000, MAX_PAGE)],
)
def test_a_page_number_is_always_valid(text: str, number: int) -> None:
    assert parse_page_number(text) == number


def test_an_unknown_sort_becomes_the_default() -> None:
    assert parse_query(SPEC, QueryDict("sort=password")).sort == "-created"


def test_sorting_resets_the_page_and_keeps_the_filters() -> None:
    query = parse_query(SPEC, QueryDict("q=a&status=ACTIVE&page=3"))
    assert query.url(sort="name") == "?q=a&status=ACTIVE&sort=name"


def test_a_chosen_filter_is_listed_without_matching_rows() -> None:
    query = parse_query(SPEC, QueryDict("status=GONE"))
    chosen = next(iter(query.choices(Facets(3, {"status": [("ACTIVE", 3)]}))))
    assert chosen.options == [("ACTIVE", "ACTIVE (3)"), ("GONE", "GONE (none)")]
    partial = Facets(None, {"status": [("ACTIVE", 3)]}, is_whole=False)
    chosen = next(iter(query.choices(partial)))
    assert (chosen.options, chosen.is_text) == ([("ACTIVE", "ACTIVE")], True)
    assert chosen.chosen == "GONE"
