from __future__ import annotations

from datetime import datetime
from typing import cast

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.migrations import Migration, RunPython
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import StateApps

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


TRIGGERS = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
    "postgresql": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE 'audit_%' "
    "ORDER BY tgname",
}


def read_triggers() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS[connection.vendor])
        return [definition for (definition,) in cursor.fetchall()]


def test_the_newest_migration_installs_the_triggers_of_today(db: None) -> None:
    """Compared with what `append_only` installs, since transactional tests reinstall that."""
    editor = connection.schema_editor()
    append_only.remove_triggers(apps, editor)
    assert read_triggers() == []
    append_only.install_triggers(apps, editor)
    today = read_triggers()
    append_only.remove_triggers(apps, editor)
    newest = get_trigger_migrations()[-1].operations[-1]
    assert isinstance(newest, RunPython)
    newest.code(cast("StateApps", apps), editor)
    assert read_triggers() == today != []


def test_a_migration_names_the_columns_of_its_day() -> None:
    """Otherwise a later column would break the migrations before it."""
    written_out = {"frozen", "personal"}
    codes = [
        code
        for migration in get_trigger_migrations()
        for operation in migration.operations
        if isinstance(operation, RunPython)
        for code in (operation.code, operation.reverse_code)
        if code is not append_only.remove_triggers
    ]
    assert [set(getattr(code, "keywords", {})) for code in codes] == [written_out] * len(codes)
    assert len(codes) > 2


def get_trigger_migrations() -> list[Migration]:
    """The audit's migrations that install triggers, oldest first."""
    migrations = MigrationLoader(None).disk_migrations
    ordered = [migrations[name] for name in sorted(migrations) if name[0] == "audit"]
    return [each for each in ordered if any(is_removal(o) for o in each.operations)]


def is_removal(operation: object) -> bool:
    """True if running it, or taking it back, removes the triggers."""
    remove = append_only.remove_triggers
    return isinstance(operation, RunPython) and remove in {operation.code, operation.reverse_code}
