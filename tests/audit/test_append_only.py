from __future__ import annotations

from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from loopsweb.audit.models import Event
from loopsweb.audit.record import record


@pytest.fixture
def event(db: None, now: datetime) -> Event:
    return record(workspace="acme", action="key.add", outcome="succeeded", now=now)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET person = 'nobody'",
        "UPDATE audit_event SET reason = ''",
        "DELETE FROM audit_event",
    ],
)
def test_the_database_refuses_to_change_or_remove_an_event(event: Event, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Event.objects.filter(pk=event.pk, person="").count() == 1


def test_the_database_refuses_to_empty_the_table(event: Event) -> None:
    if connection.vendor == "sqlite":
        emptying = "DELETE FROM audit_event WHERE 1 = 1"
    else:
        emptying = "TRUNCATE audit_event"
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(emptying)
    assert Event.objects.count() == 1
