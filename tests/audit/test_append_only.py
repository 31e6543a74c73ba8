from __future__ import annotations

from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from loopsweb.audit.chain import append_only
from loopsweb.audit.chain.format import PERSONAL
from loopsweb.audit.models import Event
from loopsweb.audit.record import record_event

NEVER_NULL = sorted({*append_only.FROZEN} - {"id", "answer"})


@pytest.fixture
def event(db: None, now: datetime) -> Event:
    return record_event(
        workspace="acme", action="key.add", outcome="succeeded", person="ada@x.org", now=now
    )


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        *(f"UPDATE audit_event SET {name} = NULL" for name in NEVER_NULL),  # noqa: S608
        "UPDATE audit_event SET id = 99",
        "UPDATE audit_event SET answer = '{}'",
        "UPDATE audit_event SET sequence = 2",
        "UPDATE audit_event SET person = 'eve@x.org'",
        "UPDATE audit_event SET person = ''",
        "UPDATE audit_event SET person_salt = ''",
        "UPDATE audit_event SET reason = 'because', reason_salt = ''",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE 1 = 1",
    ],
)  # fmt: skip
def test_the_database_refuses_to_change_or_delete_an_event(event: Event, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"append-only|null"):
        execute(statement)
    assert list(Event.objects.values()) == [
        {field.attname: getattr(event, field.attname) for field in Event._meta.concrete_fields}
    ]


def test_the_database_refuses_to_empty_the_table(event: Event) -> None:
    is_sqlite = connection.vendor == "sqlite"
    with pytest.raises(DatabaseError, match="append-only"):
        execute("DELETE FROM audit_event" if is_sqlite else "TRUNCATE audit_event")
    assert Event.objects.count() == 1


def test_the_database_refuses_to_replace_an_event(event: Event) -> None:
    columns = ", ".join(str(field.column) for field in Event._meta.concrete_fields)
    kept = columns.replace("person,", "'eve@x.org',", 1)
    verb = "INSERT OR REPLACE" if connection.vendor == "sqlite" else "INSERT"
    with pytest.raises(DatabaseError, match=r"append-only|duplicate key"):
        execute(f"{verb} INTO audit_event ({columns}) SELECT {kept} FROM audit_event")  # noqa: S608
    event.refresh_from_db()
    assert event.person == "ada@x.org"


def test_a_personal_value_and_its_salt_can_be_erased(event: Event) -> None:
    execute("UPDATE audit_event SET person = '', person_salt = ''")
    event.refresh_from_db()
    assert (event.person, event.person_salt) == ("", "")


def test_every_column_is_either_frozen_or_personal() -> None:
    erasable = {name for each in PERSONAL for name in (each, f"{each}_salt")}
    columns = {field.column for field in Event._meta.concrete_fields}
    assert columns == set(append_only.FROZEN) | erasable
