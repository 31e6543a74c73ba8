"""What a list counts and finds is the same whichever way the database goes for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Q
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.checkpoints.views import SPEC as CHECKPOINTS
from loopsweb.resources.deployments.views import SPEC as DEPLOYMENTS
from loopsweb.resources.models import Run
from loopsweb.resources.pages.filters import UNREPORTED
from loopsweb.resources.runs.views import SPEC as RUNS
from loopsweb.resources.samplers.views import SPEC as SAMPLERS
from loopsweb.resources.sessions.views import SPEC as SESSIONS
from loopsweb.ui.facets import ONE, Facets
from loopsweb.ui.filters import NO_ROWS
from loopsweb.ui.listing import parse_query
from tests.personas import login_as
from tests.plans import explain_in_order, explain_with_index
from tests.resources.rows import FIRST_SEEN_AT, MODELS, add_row

SPECS = {
    "runs": RUNS,
    "samplers": SAMPLERS,
    "checkpoints": CHECKPOINTS,
    "deployments": DEPLOYMENTS,
}


@pytest.mark.parametrize("noun", SPECS)
def test_counts_are_read_from_an_index_alone(noun: str, acme: Workspace) -> None:
    model, spec = MODELS[noun], SPECS[noun]
    rows = model._default_manager.filter(workspace=acme).order_by()
    groups = rows.values(*spec.counted_fields).annotate(
        n=Count(ONE), apart=Count(ONE, filter=UNREPORTED)
    )
    index = {"sqlite": "COVERING INDEX ", "postgresql": "Index Only Scan using "}
    assert f"{index[connection.vendor]}{model.noun}_facets" in explain_with_index(
        groups, f"{model.noun}_facets"
    )


@pytest.mark.parametrize("sort", ["-created", "created", "name", "-status"])
@pytest.mark.parametrize("filters", ["", "&status=ACTIVE", "&status=ACTIVE&seen=no", "&q=r1"])
def test_common_rows_are_those_that_are_found_otherwise(
    filters: str, sort: str, acme: Workspace
) -> None:
    for n in range(12):
        seen = {"missing_since": FIRST_SEEN_AT} if n % 4 == 1 else {}
        add_row(Run, acme, f"r{n}", name=f"s{n % 5}", status="ACTIVE" if n % 3 else "", **seen)
    rows = Run.objects.in_workspace(acme)
    query = parse_query(RUNS, QueryDict(f"sort={sort}{filters}"), size=5)
    rare, common = (list(query.select(rows, is_common=one)) for one in (False, True))
    assert common == rare
    apart = sum(not row.is_reported for row in rare)
    for facets in (Facets(), RUNS.count_facets(rows)):
        page = query.page(rows, facets)
        assert (page.rows, page.found, page.apart, page.total) == (rare[:5], len(rare), apart, 12)


def test_what_the_filters_have_counted_is_not_counted_again(
    acme: Workspace, django_assert_num_queries: Any
) -> None:
    for n, status in enumerate(["ACTIVE", "", "ACTIVE"]):
        add_row(Run, acme, f"r{n}", status=status, base_model=f"m{n}")
    rows = Run.objects.in_workspace(acme)
    facets = RUNS.count_facets(rows)
    cases = {"status=ACTIVE": (1, 2), "status=-": (1, 1), "status=ACTIVE&base_model=m0": (2, 1)}
    cases |= {"status=INACTIVE": (1, 0), "q=r1": (2, 1)}
    for given, (queries, found) in cases.items():
        with django_assert_num_queries(queries):
            assert parse_query(RUNS, QueryDict(given)).page(rows, facets).found == found


def test_filled_columns_are_looked_for_in_the_newest_rows(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loopsweb.ui.facets.MAX_LOOKED_AT", 2)
    rows = Run.objects.in_workspace(acme)
    filled = {"owner": ~Q(owner_email="")}
    for n, owner in enumerate(["old@example.com", "", "", "new@example.com"]):
        add_row(Run, acme, f"r{n}", owner_email=owner, created_at=f"2026-11-23T1{n}:00Z")
        expected = [] if n == 2 else ["owner"]
        assert RUNS.count_facets(rows, filled=filled).filled == expected


@pytest.mark.parametrize("noun", MODELS)
def test_the_newest_are_read_in_the_order_of_an_index(noun: str, acme: Workspace) -> None:
    model = MODELS[noun]
    rows = model._default_manager.filter(workspace=acme)
    listed = parse_query(SPECS.get(noun, SESSIONS), QueryDict()).select(rows)
    for newest in (rows.newest_first()[:50], listed[:50]):
        plan = explain_in_order(newest)
        assert f"{model.noun}_newest" in plan or f"{model._meta.db_table}_search" in plan
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan


def test_more_than_the_most_counted_are_found_page_by_page(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loopsweb.ui.listing.MOST_FOUND", 4)
    for n in range(7):
        gone = {"missing_since": FIRST_SEEN_AT} if n == 0 else {}
        add_row(Run, acme, f"r{n}", name="same" if n < 6 else "other", **gone)
    rows = Run.objects.in_workspace(acme)
    facets = RUNS.count_facets(rows)
    seen = []
    for number in (1, 2, 3):
        page = parse_query(RUNS, QueryDict(f"q=same&page={number}"), size=2).page(rows, facets)
        seen.append((page.found, page.has_more, page.apart, page.pages, bool(page.next_url)))
    assert seen == [
        (4, True, None, 2, True),
        (4, True, None, 2, True),
        (6, False, 1, 3, False),
    ]
    last = parse_query(RUNS, QueryDict("q=same&page=9"), size=2).page(rows, facets)
    assert (last.number, [row.remote_id for row in last.rows]) == (3, ["r1", "r0"])


def test_a_list_says_that_more_are_found_than_were_counted(
    acme: Workspace, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loopsweb.ui.listing.MOST_FOUND", 4)
    for n in range(52):
        gone = {"missing_since": FIRST_SEEN_AT} if n == 0 else {}
        add_row(Run, acme, f"r{n}", name="same" if n else "other", **gone)
    text = login_as(alice).get(f"/w/{acme.slug}/runs/?q=same").content.decode()
    perhaps = "some of them perhaps not in the last answer"
    assert f"50 of more than 50 runs, {perhaps}, filtered from 52" in text
    assert "<span>Page 1</span>" in text


def test_what_is_common_is_read_in_its_order_also_where_not_all_of_it_was_counted(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loopsweb.ui.listing.MOST_FOUND", 4)
    for n in range(12):
        add_row(Run, acme, f"r{n}", name="same")
    rows = Run.objects.in_workspace(acme)
    facets = RUNS.count_facets(rows)
    with CaptureQueriesContext(connection) as queries:
        parse_query(RUNS, QueryDict("q=same"), size=2).page(rows, facets)
    assert "CASE WHEN" in queries.captured_queries[-1]["sql"]


def test_a_part_of_a_page_says_the_same_number_as_the_page(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loopsweb.ui.listing.MOST_FOUND", 4)
    spec = replace(RUNS, apart=NO_ROWS)  # as in the audit
    for n in range(7):
        add_row(Run, acme, f"r{n}", name="same")
    rows = Run.objects.in_workspace(acme)
    query = parse_query(spec, QueryDict("q=same"), size=2)
    assert query.count(rows, Facets()) == query.count(rows, spec.count_facets(rows))
    assert query.count(rows, Facets()).has_more
