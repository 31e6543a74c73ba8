"""PostgreSQL plans some queries once a connection, whatever their values."""

from __future__ import annotations

from django.db import connection
from django.db.models import QuerySet

from loopsweb.accounts.models import User, Workspace
from loopsweb.prepared_queries import Parameter, PlannedQuery, PreparedQuery


def select_named() -> QuerySet[Workspace, tuple[str, str]]:
    return Workspace.objects.filter(name=Parameter("name")).values_list("slug", "name")


def count_plans() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s",
            ['SELECT "accounts_workspace"."slug"%'],
        )
        [count] = cursor.fetchone()
    return int(count)


def test_one_plan_serves_all_values(acme: Workspace, mallory: User) -> None:
    planned_before = count_plans()

    query = PlannedQuery(select_named)
    found = [query.fetch(name=name) for name in ("Acme", "nobody's", "Acme", "%s")]

    assert found == [[("acme", "Acme")], [], [("acme", "Acme")], []]
    assert count_plans() - planned_before == 1


def test_other_queries_are_planned_for_their_values(acme: Workspace) -> None:
    query = PreparedQuery(select_named)
    for _ in range(5):
        assert query.fetch(name="Acme") == [("acme", "Acme")]

    assert count_plans() == 0
