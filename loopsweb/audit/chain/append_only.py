"""Database triggers that refuse to change or delete an audit event.

One change is allowed: a personal value and its salt may both become empty, which is an erasure.
"""

from __future__ import annotations

from typing import Any

from loopsweb.audit.chain.format import PERSONAL

TABLE = "audit_event"
FROZEN = (
    "id", "workspace", "sequence", "previous", "digest", "commitments", "at", "action", "outcome",
    "incident", "role", "request_id", "key_label", "key_fingerprint", "target_noun", "target_id",
    "target_name", "answer",
)  # fmt: skip


def erasure_condition(same: str, as_text: str = "") -> str:
    """SQL that is true when an UPDATE only erases personal values.

    same: the operator that compares, nulls included. as_text: a cast for each column, needed where
    a type treats different texts as equal.
    """
    erased = [
        f"((NEW.{name} {same} OLD.{name} AND NEW.{name}_salt {same} OLD.{name}_salt)"
        f" OR (NEW.{name} = '' AND NEW.{name}_salt = ''))"
        for name in PERSONAL
    ]
    unchanged = [f"NEW.{name}{as_text} {same} OLD.{name}{as_text}" for name in FROZEN]
    return " AND ".join(unchanged + erased)


SQLITE = [
    f"""
    CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} WHEN NOT ({erasure_condition("IS")})
    BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE}
    BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END
    """,
    # INSERT OR REPLACE deletes a row without firing the delete trigger
    f"""
    CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE}
    WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id)
    OR EXISTS (
        SELECT 1 FROM {TABLE} WHERE workspace = NEW.workspace AND sequence = NEW.sequence
    )
    OR (NEW.outcome = 'requested' AND EXISTS (
        SELECT 1 FROM {TABLE} WHERE incident = NEW.incident AND outcome = 'requested'
    ))
    BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END
    """,  # noqa: S608  (all parts are constants)
]
SQLITE_UNDO = [f"DROP TRIGGER {TABLE}_no_{verb}" for verb in ("update", "delete", "replace")]

POSTGRESQL = [
    f"""
    CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'audit events are append-only'; END $$
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} FOR EACH ROW
    WHEN (NOT ({erasure_condition("IS NOT DISTINCT FROM", "::text")}))
    EXECUTE FUNCTION {TABLE}_refuse()
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()
    """,
]
POSTGRESQL_UNDO = [
    f"DROP TRIGGER {TABLE}_no_truncate ON {TABLE}",
    f"DROP TRIGGER {TABLE}_no_delete ON {TABLE}",
    f"DROP TRIGGER {TABLE}_no_update ON {TABLE}",
    f"DROP FUNCTION {TABLE}_refuse()",
]


def install_triggers(apps: Any, schema_editor: Any) -> None:
    execute_statements(schema_editor, SQLITE, POSTGRESQL)


def remove_triggers(apps: Any, schema_editor: Any) -> None:
    execute_statements(schema_editor, SQLITE_UNDO, POSTGRESQL_UNDO)


def execute_statements(schema_editor: Any, sqlite: list[str], postgresql: list[str]) -> None:
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in sqlite if is_sqlite else postgresql:
        schema_editor.execute(statement, params=None)
