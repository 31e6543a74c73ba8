from __future__ import annotations

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.resources.runs.views import SPEC
from loopsweb.ui.filters import Census
from loopsweb.ui.listing import read
from loopsweb.ui.url_text import LAST_PAGE, page_number

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
def test_the_url_of_a_state_reads_as_the_same_state(params: dict[str, str]) -> None:
    asked = QueryDict(mutable=True)
    asked.update(params)
    query = read(SPEC, asked)
    again = read(SPEC, QueryDict(query.url().removeprefix("?")))
    assert again == query


@pytest.mark.parametrize(
    ("text", "number"),
    [("", 1), ("3", 3), ("0", 1), ("-2", 1), ("x", 1), ("²", 1), ("9" * 4000, LAST_PAGE)],
)
def test_a_page_number_is_always_one(text: str, number: int) -> None:
    assert page_number(text) == number


def test_an_unknown_sort_is_the_usual_one() -> None:
    assert read(SPEC, QueryDict("sort=password")).sort == "-created"


def test_another_sort_starts_on_page_one_and_keeps_the_filters() -> None:
    query = read(SPEC, QueryDict("q=a&status=ACTIVE&page=3"))
    assert query.url(sort="name") == "?q=a&status=ACTIVE&sort=name"


def test_what_was_chosen_stays_chosen_when_nothing_has_it() -> None:
    query = read(SPEC, QueryDict("status=GONE"))
    chosen = next(iter(query.choices(Census(3, {"status": [("ACTIVE", 3)]}))))
    assert chosen.options == [("ACTIVE", "ACTIVE (3)"), ("GONE", "GONE (none)")]
    assert chosen.chosen == "GONE"
