"""A database of the previous release migrates without loss.

The dumps beside this module were written by release 01940cd: filled through its pages, polled from
the simulator, with deactivations in every state. They are never regenerated, because the data of a
later release would prove nothing.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.processes import run_command
from tests.upgrade.back_up import restore_back_up
from tests.upgrade.release_database import Database, Table, load_release_database

AUDIT_KEY = base64.b64encode(b"only for tests, 32 bytes long...").decode()
DJANGO_TABLES = {"auth_permission", "django_content_type", "django_migrations"}
EMPTY_TABLES = {"account_emailconfirmation", "socialaccount_socialapp", "socialaccount_socialtoken"}
NOT_SENT = {"waiting", "due", "declined", "withdrawn", "expired"}
SENT = {"requested", "succeeded", "refused", "unknown", "confirmed", "ended", "lost"}
API_KEYS = ["demo-org-key", "demo-own-key", "demo-other-key"]
CHANGED_COLUMNS = {"mfa_authenticator": ("data",)}  # recovery codes are hashed
SECOND_FACTOR = "ONLYFORTESTSONLYFORTESTSONLYFORT"
READ_SCRIPT = """
import json
from allauth.mfa.adapter import get_adapter
from django.apps import apps
def rows(model): return apps.get_model(model).objects.order_by("pk")
factors = {each.type: each.data for each in rows("mfa.Authenticator")}
print(json.dumps({
    "api keys": [key.decrypt_secret() for key in rows("keys.Key")],
    "second factor": get_adapter().decrypt(factors["totp"]["secret"]),
    "recovery codes": {each[:7] for each in factors["recovery_codes"]["digests"]} == {"argon2$"},
    "states": {each.incident.hex: each.state for each in rows("resources.Deactivation")},
}))
"""


@dataclass(frozen=True)
class Upgraded:
    """before: every table, before the migration."""

    database: Database
    before: dict[str, Table]

    def manage(self, *arguments: str) -> str:
        """Run a management command, which must succeed. Return its output."""
        environment = {"DATABASE_URL": self.database.url, "LOOPSWEB_AUDIT_KEY": AUDIT_KEY}
        done = run_command(*arguments, environment=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    with load_release_database(tmp_path_factory.mktemp("upgrade")) as database:
        project = Upgraded(database, database.read_tables())
        project.manage("migrate", "--no-input")
        yield project


def test_the_dump_has_every_table_and_every_state(upgraded: Upgraded) -> None:
    empty = {name for name, table in upgraded.before.items() if not table.rows}
    assert empty == EMPTY_TABLES
    states = {state for (state,) in upgraded.before["resources_deactivation"].select("state")}
    assert states == NOT_SENT | SENT


def test_every_row_is_kept_unchanged(upgraded: Upgraded) -> None:
    before = {name: kept for name, kept in upgraded.before.items() if name not in DJANGO_TABLES}
    after = upgraded.database.read_tables()
    assert before.keys() - after.keys() == set()
    counts = {name: len(after[name].rows) for name in before}
    assert counts == {name: len(kept.rows) for name, kept in before.items()}
    for name, kept in before.items():
        changed = CHANGED_COLUMNS.get(name, ())
        columns = set(after[name].columns).difference(changed)
        shared = [column for column in kept.columns if column in columns]
        was, is_ = (sorted(map(repr, table.select(*shared))) for table in (kept, after[name]))
        assert is_ == was, name


def test_every_audit_chain_verifies_up_to_its_head(upgraded: Upgraded, tmp_path: Path) -> None:
    heads = tmp_path / "heads.jsonl"
    signed = upgraded.before["audit_signedhead"].select("head")
    heads.write_text("\n".join(to_json(head) for (head,) in signed))
    output = upgraded.manage("audit", "verify", "--head", str(heads))
    for workspace, sequence in upgraded.before["audit_chain"].select("workspace", "sequence"):
        assert f"{workspace}: verified up to #{sequence}, checked against 1 signed head" in output


def to_json(value: Any) -> str:
    """Return JSON as text. PostgreSQL returns it parsed."""
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET outcome = 'refused'", "DELETE FROM audit_event"]
)
def test_the_audit_trail_is_still_append_only(upgraded: Upgraded, statement: str) -> None:
    with pytest.raises((sqlite3.Error, psycopg.Error), match="append-only"):
        upgraded.database.query(statement)


def test_secrets_and_states_can_be_read(upgraded: Upgraded) -> None:
    read = json.loads(upgraded.manage("shell", "--no-imports", "-c", READ_SCRIPT))
    states = upgraded.before["resources_deactivation"].select("incident", "state")
    assert read == {
        "api keys": API_KEYS,
        "second factor": SECOND_FACTOR,
        "recovery codes": True,
        "states": {getattr(incident, "hex", incident): state for incident, state in states},
    }


def test_a_back_up_is_restored_with_all_rows_and_secrets(
    upgraded: Upgraded, tmp_path: Path
) -> None:
    """The steps of docs/operations.md, after an upgrade."""
    with restore_back_up(upgraded.database, tmp_path) as database:
        restored = Upgraded(database, upgraded.before)
        assert_equal_rows(database.read_tables(), upgraded.database.read_tables())
        restored.manage("migrate", "--no-input")
        assert_equal_rows(database.read_tables(), upgraded.database.read_tables())
        assert (
            json.loads(restored.manage("shell", "--no-imports", "-c", READ_SCRIPT))["api keys"]
            == API_KEYS
        )
        assert "verified up to" in restored.manage("audit", "verify")
        with pytest.raises((sqlite3.Error, psycopg.Error), match="append-only"):
            database.query("DELETE FROM audit_event")


def assert_equal_rows(found: dict[str, Table], expected: dict[str, Table]) -> None:
    assert found.keys() == expected.keys()
    for name, table in expected.items():
        assert sorted(map(repr, found[name].rows)) == sorted(map(repr, table.rows)), name
