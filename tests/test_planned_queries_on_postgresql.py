"""PostgreSQL plans some queries once a connection, whatever their values."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.prepared_queries import Parameter, PlannedQuery, PreparedQuery
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.figures.measured_work import filter_idle


def select_named() -> QuerySet[Workspace, tuple[str, str]]:
    return Workspace.objects.filter(name=Parameter("name")).values_list("slug", "name")


def list_plans() -> list[int]:
    """How many parameters each has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cardinality(parameter_types) FROM pg_prepared_statements "
            "WHERE statement LIKE %s ORDER BY prepare_time",
            ['SELECT "accounts_workspace"."slug"%'],
        )
        return [count for (count,) in cursor.fetchall()]


def test_one_plan_serves_all_values(acme: Workspace, mallory: User) -> None:
    planned_before = list_plans()

    query = PlannedQuery(select_named)
    found = [query.fetch(name=name) for name in ("Acme", "nobody's", "Acme", "%s")]

    assert found == [[("acme", "Acme")], [], [("acme", "Acme")], []]
    assert list_plans() == [*planned_before, 1]


def test_other_queries_are_planned_for_their_values(acme: Workspace) -> None:
    query = PreparedQuery(select_named)
    for _ in range(5):
        assert query.fetch(name="Acme") == [("acme", "Acme")]

    assert list_plans() == []


@pytest.mark.parametrize("slug", ["it's", "100%", "%s", "%%s", "\\", '"{}"'])
def test_a_constant_is_part_of_the_statement(acme: Workspace, slug: str) -> None:
    """It is known when the statement is planned, so that a partial index can be used."""
    planned_before = list_plans()
    Workspace.objects.create(team=acme.team, slug=slug, name="Acme")
    Workspace.objects.create(team=acme.team, slug=f"{slug}%", name="Acme")

    query = PlannedQuery(lambda: select_named().filter(Q(slug=slug) | Q(slug__contains=f"{slug}%")))
    found = [sorted(query.fetch(name="Acme")) for _ in range(2)]

    assert found == [[(slug, "Acme"), (f"{slug}%", "Acme")]] * 2
    assert list_plans() == [*planned_before, 1]


def test_idle_deployments_are_found_by_an_index_whatever_the_time(acme: Workspace) -> None:
    """A poll begins with this. Few of many deployments have a time at which they last worked."""
    now = timezone.now()
    Deployment.objects.bulk_create(
        Deployment(
            workspace=acme,
            remote_id=f"dep-{number}",
            last_work_at=None if number % 100 else now - timedelta(hours=1),
            first_seen_at=now,
            changed_at=now,
        )
        for number in range(2000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE resources_deployment")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        rows = filter_idle(now=Parameter("now"), idle_at=Parameter("idle_at")).values_list("pk")
        statement = PlannedQuery(lambda: rows.filter(workspace=acme.pk)).compiled[0] % ("$1", "$2")
        cursor.execute(f"PREPARE idle (timestamptz, timestamptz) AS {statement}")
        cursor.execute("EXPLAIN EXECUTE idle (now(), now())")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("DEALLOCATE idle")
    assert "deployment_idle" in plan, plan
