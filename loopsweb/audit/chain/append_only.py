"""The database itself refuses to change or remove an audit event: triggers, not good manners.

One change passes: a personal value and its salt may both become empty. That is an erasure, which
verification shows as such.
"""

from __future__ import annotations

from typing import Any

from loopsweb.audit.chain.format import PERSONAL

TABLE = "audit_event"
FROZEN = (
    "id",
    "workspace",
    "sequence",
    "previous",
    "digest",
    "commitments",
    "at",
    "action",
    "outcome",
    "incident",
    "role",
    "request_id",
    "key_label",
    "key_fingerprint",
    "target_noun",
    "target_id",
    "target_name",
    "answer",
)


def only_erases(same: str, as_text: str = "") -> str:
    """SQL for: this UPDATE changes nothing but erases. `same` compares, nulls included; `as_text`
    is put to each column, where a type takes for equal what is spelled differently."""
    erased = [
        f"((NEW.{name} {same} OLD.{name} AND NEW.{name}_salt {same} OLD.{name}_salt)"
        f" OR (NEW.{name} = '' AND NEW.{name}_salt = ''))"
        for name in PERSONAL
    ]
    return " AND ".join(
        [*(f"NEW.{name}{as_text} {same} OLD.{name}{as_text}" for name in FROZEN), *erased]
    )


SQLITE = [
    f"""
    CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} WHEN NOT ({only_erases("IS")})
    BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE}
    BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END
    """,
    # INSERT OR REPLACE removes a row without firing a trigger for that
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
    """,  # noqa: S608  (no part of it is anybody's input)
]
SQLITE_UNDO = [f"DROP TRIGGER {TABLE}_no_{verb}" for verb in ("update", "delete", "replace")]

POSTGRESQL = [
    f"""
    CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'audit events are append-only'; END $$
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} FOR EACH ROW
    WHEN (NOT ({only_erases("IS NOT DISTINCT FROM", "::text")})) EXECUTE FUNCTION {TABLE}_refuse()
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


def install(apps: Any, schema_editor: Any) -> None:
    run(schema_editor, SQLITE, POSTGRESQL)


def remove(apps: Any, schema_editor: Any) -> None:
    run(schema_editor, SQLITE_UNDO, POSTGRESQL_UNDO)


def run(schema_editor: Any, sqlite: list[str], postgresql: list[str]) -> None:
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in sqlite if is_sqlite else postgresql:
        schema_editor.execute(statement, params=None)
