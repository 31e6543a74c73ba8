"""PostgreSQL plans a prepared query once a connection, whatever its values."""

from __future__ import annotations

from django.db import connection

from loopsweb.accounts.models import User, Workspace
from loopsweb.prepared_queries import Parameter, PreparedQuery

NAMED = PreparedQuery(
    lambda: Workspace.objects.filter(name=Parameter("name")).values_list("slug", "name")
)


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

    found = [NAMED.fetch(name=name) for name in ("Acme", "nobody's", "Acme", "%s")]

    assert found == [[("acme", "Acme")], [], [("acme", "Acme")], []]
    assert count_plans() - planned_before == 1


def test_other_statements_are_not_kept(acme: Workspace) -> None:
    for _ in range(5):
        assert list(Workspace.objects.filter(name="Acme").values_list("slug")) == [("acme",)]

    assert count_plans() == 0
