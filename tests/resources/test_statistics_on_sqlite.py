"""What SQLite is told of its tables, and the indexes that it chooses for the pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import given, strategies

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler, Session
from loopsweb.resources.sqlite_statistics import PARTIAL_ROWS, ROWS, VALUES, Index, describe_index
from tests.personas import login_as
from tests.resources.conftest import AddKey
from tests.resources.rows import add_row

# Steps that read all rows of a workspace. An index that covers what is asked is short.
TABLE = r"(U\d|resources_(run|sampler|deployment|checkpoint|session|statuschange|unknownperiod))"
WHOLE = re.compile(rf"SCAN {TABLE}|SEARCH {TABLE} USING INDEX \w+ \(workspace_id=\?\)$")
LISTS = ("runs", "deployments", "samplers", "checkpoints", "sessions")
DETAILS = (Run, Deployment, Sampler, Checkpoint, Session)


def read_statistics() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT idx, stat FROM sqlite_stat1")
        return dict(cursor.fetchall())


@contextmanager
def note_whole_reads() -> Iterator[list[str]]:
    """Statements that read all rows of a workspace, unless they do so in the order of an index and
    only as many as a page shows."""
    found: list[str] = []

    def note(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if sql.startswith("SELECT") and '"resources_' in sql:
            plan = context["cursor"].cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()
            steps = [step for *_, step in plan]
            reads_few = "LIMIT" in sql and not any("ORDER BY" in step for step in steps)
            if not reads_few and any(WHOLE.match(step) for step in steps):
                found.append(f"{sql} {steps}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


@pytest.mark.django_db
def test_statistics_are_those_of_a_large_organisation_whatever_the_data(acme: Workspace) -> None:
    known = read_statistics()
    assert known["run_of_deployment"] == "1000000 100000 1"
    assert known["run_facets"] == "1000000 100000 20000 1000 20 6 3"
    assert known["run_without_details"] == "10000 1000"
    add_row(Checkpoint, acme, "c")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    assert read_statistics() != known
    call_command("migrate", verbosity=0)
    assert read_statistics() == known


@given(
    columns=strategies.lists(strategies.sampled_from([*VALUES, "id", "remote_id"]), min_size=1),
    is_unique=strategies.booleans(),
    is_partial=strategies.booleans(),
)
def test_each_further_column_leads_to_as_many_rows_or_fewer(
    columns: list[str], is_unique: bool, is_partial: bool
) -> None:
    index = Index("some", columns, is_unique=is_unique, is_partial=is_partial)
    counts = [int(count) for count in describe_index(index).split()]
    assert len(counts) == len(columns) + 1
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == PARTIAL_ROWS if is_partial else ROWS
    assert counts[-1] == 1 if is_unique else counts[-1] >= 1


def test_lists_and_details_are_read_by_indexes(
    acme: Workspace, alice: User, add_key: AddKey, poll: Callable[..., int]
) -> None:
    add_key()
    assert poll() == 1
    browser = login_as(alice)
    start = f"/w/{acme.slug}"
    paths = [f"{start}/{noun}/" for noun in LISTS]
    for model in DETAILS:
        row = model._default_manager.filter(workspace=acme).latest("pk")
        paths.append(f"{start}/{row.noun}s/{row.remote_id}/")
    for path in paths:
        with note_whole_reads() as found:
            assert browser.get(path).status_code == 200
        assert (path, found) == (path, [])
