"""The database itself refuses to change or remove an audit event: triggers, not good manners."""

from __future__ import annotations

from typing import Any

TABLE = "audit_event"

SQLITE = [
    (
        f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
        "BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END"
    )
    for verb in ("UPDATE", "DELETE")
]
SQLITE_UNDO = [f"DROP TRIGGER {TABLE}_no_{verb}" for verb in ("update", "delete")]

POSTGRESQL = [
    f"""
    CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'audit events are append-only'; END $$
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()
    """,
]
POSTGRESQL_UNDO = [
    f"DROP TRIGGER {TABLE}_no_truncate ON {TABLE}",
    f"DROP TRIGGER {TABLE}_no_change ON {TABLE}",
    f"DROP FUNCTION {TABLE}_refuse()",
]


def install(apps: Any, schema_editor: Any) -> None:
    run(schema_editor, SQLITE, POSTGRESQL)


def remove(apps: Any, schema_editor: Any) -> None:
    run(schema_editor, SQLITE_UNDO, POSTGRESQL_UNDO)


def run(schema_editor: Any, sqlite: list[str], postgresql: list[str]) -> None:
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in sqlite if is_sqlite else postgresql:
        schema_editor.execute(statement, params=None)
