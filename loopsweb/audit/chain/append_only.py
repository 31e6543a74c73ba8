"""Database triggers that refuse to change or delete an audit event.

One change is allowed: a personal value and its salt may both become empty, which is an erasure.
"""

from __future__ import annotations

from typing import Any

from loopsweb.audit.chain.format import PERSONAL

Columns = tuple[str, ...]

TABLE = "audit_event"
FROZEN: Columns = (
    "id", "workspace", "sequence", "previous", "digest", "commitments", "at", "action", "outcome",
    "incident", "role", "request_id", "key_label", "key_fingerprint", "target_noun", "target_id",
    "target_name", "answer",
)  # fmt: skip


def build_sqlite(frozen: Columns, personal: Columns) -> list[str]:
    return [
        f"""
        CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE}
        WHEN NOT ({erasure_condition("IS", frozen=frozen, personal=personal)})
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


def build_postgresql(frozen: Columns, personal: Columns) -> list[str]:
    same = "IS NOT DISTINCT FROM"
    return [
        f"""
        CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'audit events are append-only'; END $$
        """,
        f"""
        CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} FOR EACH ROW
        WHEN (NOT ({erasure_condition(same, "::text", frozen=frozen, personal=personal)}))
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


def erasure_condition(same: str, as_text: str = "", *, frozen: Columns, personal: Columns) -> str:
    """SQL that is true when an UPDATE only erases personal values.

    same: the operator that compares, nulls included. as_text: a cast for each column, needed where
    a type treats different texts as equal.
    """
    erased = [
        f"((NEW.{name} {same} OLD.{name} AND NEW.{name}_salt {same} OLD.{name}_salt)"
        f" OR (NEW.{name} = '' AND NEW.{name}_salt = ''))"
        for name in personal
    ]
    unchanged = [f"NEW.{name}{as_text} {same} OLD.{name}{as_text}" for name in frozen]
    return " AND ".join(unchanged + erased)


SQLITE_UNDO = [f"DROP TRIGGER {TABLE}_no_{verb}" for verb in ("update", "delete", "replace")]
POSTGRESQL_UNDO = [
    f"DROP TRIGGER {TABLE}_no_truncate ON {TABLE}",
    f"DROP TRIGGER {TABLE}_no_delete ON {TABLE}",
    f"DROP TRIGGER {TABLE}_no_update ON {TABLE}",
    f"DROP FUNCTION {TABLE}_refuse()",
]


def install_triggers(
    apps: Any, schema_editor: Any, *, frozen: Columns = FROZEN, personal: Columns = PERSONAL
) -> None:
    """frozen, personal: a migration names the columns that the table has when it runs."""
    build = build_sqlite if is_sqlite(schema_editor) else build_postgresql
    execute_statements(schema_editor, build(frozen, personal))


def remove_triggers(apps: Any, schema_editor: Any) -> None:
    execute_statements(schema_editor, SQLITE_UNDO if is_sqlite(schema_editor) else POSTGRESQL_UNDO)


def is_sqlite(schema_editor: Any) -> bool:
    return bool(schema_editor.connection.vendor == "sqlite")


def execute_statements(schema_editor: Any, statements: list[str]) -> None:
    for statement in statements:
        schema_editor.execute(statement, params=None)
