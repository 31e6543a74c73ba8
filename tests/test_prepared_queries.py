"""A query that is compiled once finds what it would find if it were compiled each time."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model, QuerySet

from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.prepared_queries import (
    Columns,
    Parameter,
    PreparedQuery,
    build_rows,
)

MEMBERSHIP = Columns(Membership)
PERSON = Columns(User, "id email preferences", "user__")
MEMBERS = PreparedQuery(
    lambda: (
        Membership.objects.filter(team__workspaces__slug=Parameter("slug"), role=Parameter("role"))
        .order_by("pk")
        .values_list(*MEMBERSHIP.paths, *PERSON.paths)
    )
)


def list_fields(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("role", Role)
def test_rows_are_those_of_the_orm(acme: Workspace, vic: User, otto: User, role: Role) -> None:
    vic.preferences = {"lists": {"runs": {"hidden": ["Ж"], "size": 25}}}
    vic.save()
    slow = list(Membership.objects.filter(team=acme.team, role=role).order_by("pk"))
    found = [build_rows(row, MEMBERSHIP, PERSON) for row in MEMBERS.fetch(slug="acme", role=role)]
    assert [
        (list_fields(membership), person.email, person.preferences) for membership, person in found
    ] == [(list_fields(one), one.user.email, one.user.preferences) for one in slow]
    assert len(slow) == 1


def test_what_is_not_selected_is_loaded_when_it_is_read(acme: Workspace, vic: User) -> None:
    [row] = MEMBERS.fetch(slug="acme", role=Role.VIEWER)
    _, person = build_rows(row, MEMBERSHIP, PERSON)
    assert person.get_deferred_fields() >= {"password", "date_joined"}
    assert person.date_joined == vic.date_joined


def test_values_are_never_part_of_the_statement(acme: Workspace) -> None:
    assert MEMBERS.fetch(slug="' OR 1=1 --", role=Role.ADMIN) == []
    assert MEMBERS.fetch(slug="acme%s", role=Role.ADMIN) == []


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValueError, match="User stores no"):
        Columns(User, "id nickname")


@pytest.mark.django_db(transaction=True)
def test_another_thread_uses_its_own_connection() -> None:
    found: list[object] = []

    def fetch() -> None:
        found.append(MEMBERS.fetch(slug="nowhere", role=Role.ADMIN))
        connection.close()

    MEMBERS.fetch(slug="nowhere", role=Role.ADMIN)
    thread = Thread(target=fetch)
    thread.start()
    thread.join()
    assert found == [[]]


@PreparedQuery
def select_named() -> QuerySet[User, tuple[Any, ...]]:
    among: dict[str, Any] = {"name__among": Parameter("names")}
    return User.objects.filter(**among).order_by("name").values_list("name")


@pytest.mark.parametrize("names", [[], ["Ada"], ["Ada", 'Bob\'s "{b}", \\', "nobody"]])
def test_a_list_is_one_parameter(names: list[str], db: None) -> None:
    for number, name in enumerate(["Ada", 'Bob\'s "{b}", \\', "Cleo"]):
        User.objects.create_user(f"{number}@example.com", name=name)
    found = [name for (name,) in select_named.fetch(names=names)]
    assert found == [name for name in names if name != "nobody"]
