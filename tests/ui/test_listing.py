from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import F
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Run
from loopsweb.resources.runs.views import SPEC
from loopsweb.ui.facets import Facets
from loopsweb.ui.listing import parse_query
from loopsweb.ui.url_text import MAX_PAGE, parse_page_number
from tests.resources.rows import add_row

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


@pytest.mark.parametrize("sort", ["-created", "name", "-name", "-cost", "idle"])
def test_the_pages_in_turn_are_the_whole_list(acme: Workspace, sort: str) -> None:
    for n in range(12):
        add_row(Run, acme, f"run-{n}", usd_per_hour=[3, None, 1][n % 3])
    rows = Run.objects.annotate(shown=F("remote_id"))

    def list_ids(number: int, size: int) -> list[str]:
        query = parse_query(SPEC, QueryDict(f"q=run&sort={sort}&page={number}"), size=size)
        return [vars(run)["shown"] for run in query.page(rows, Facets()).rows]

    pages = [list_ids(number, 5) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [5, 5, 2]
    assert [name for page in pages for name in page] == list_ids(1, 50)


def test_nothing_is_worked_out_for_the_rows_before_a_page(acme: Workspace) -> None:
    for n in range(3):
        add_row(Run, acme, f"run-{n}")
    rows = Run.objects.annotate(shown=F("remote_id"))
    query = parse_query(SPEC, QueryDict("page=2"), size=2)
    with CaptureQueriesContext(connection) as captured:
        query.page(rows, Facets(3))
    [statement] = [each["sql"] for each in captured.captured_queries if "OFFSET" in each["sql"]]
    chosen = statement[statement.index(" IN (SELECT") : statement.index("OFFSET")]
    assert "remote_id" not in chosen
