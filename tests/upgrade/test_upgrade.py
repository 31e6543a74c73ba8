"""A project in use migrates without loss.

The dumps beside this module hold one, as the release before (01940cd) wrote it: filled through its
own pages, polled from the simulator, with deactivations in every state. They are never made anew:
what a later release writes proves nothing about this one.
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
from tests.upgrade.released import Database, Table, loaded

AUDIT_KEY = base64.b64encode(b"only for tests, 32 bytes long...").decode()
OF_DJANGO = {"auth_permission", "django_content_type", "django_migrations"}
NEVER_FILLED = {"account_emailconfirmation", "socialaccount_socialapp", "socialaccount_socialtoken"}
NOT_SENT = {"waiting", "due", "declined", "withdrawn", "expired"}
SENT = {"requested", "succeeded", "refused", "unknown", "confirmed", "ended", "lost"}
API_KEYS = ["demo-org-key", "demo-own-key", "demo-other-key"]
SECOND_FACTOR = "ONLYFORTESTSONLYFORTESTSONLYFORT"
READ = """
import json
from allauth.mfa.adapter import get_adapter
from django.apps import apps
def rows(model): return apps.get_model(model).objects.order_by("pk")
factors = {each.type: each.data for each in rows("mfa.Authenticator")}
print(json.dumps({
    "api keys": [key.decrypt_secret() for key in rows("keys.Key")],
    "second factor": get_adapter().decrypt(factors["totp"]["secret"]),
    "recovery codes": len(get_adapter().decrypt(factors["recovery_codes"]["seed"])) > 0,
    "states": {each.incident.hex: each.state for each in rows("resources.Deactivation")},
}))
"""


@dataclass(frozen=True)
class Upgraded:
    """before: every table, straight after it was loaded."""

    database: Database
    before: dict[str, Table]

    def manage(self, *arguments: str) -> str:
        """What the command said. It must succeed."""
        environment = {"DATABASE_URL": self.database.url, "LOOPSWEB_AUDIT_KEY": AUDIT_KEY}
        done = run_command(*arguments, environment=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    with loaded(tmp_path_factory.mktemp("upgrade")) as database:
        project = Upgraded(database, database.everything())
        project.manage("migrate", "--no-input")
        yield project


def test_the_project_uses_every_table_and_every_state(upgraded: Upgraded) -> None:
    empty = {name for name, table in upgraded.before.items() if not table.rows}
    assert empty == NEVER_FILLED
    states = {state for (state,) in upgraded.before["resources_deactivation"].of("state")}
    assert states == NOT_SENT | SENT


def test_every_row_is_there_and_says_the_same(upgraded: Upgraded) -> None:
    before = {name: kept for name, kept in upgraded.before.items() if name not in OF_DJANGO}
    after = upgraded.database.everything()
    assert before.keys() - after.keys() == set()
    counts = {name: len(after[name].rows) for name in before}
    assert counts == {name: len(kept.rows) for name, kept in before.items()}
    for name, kept in before.items():
        shared = [column for column in kept.columns if column in after[name].columns]
        was, is_ = (sorted(map(repr, table.of(*shared))) for table in (kept, after[name]))
        assert is_ == was, name


def test_every_audit_chain_holds_up_to_its_head(upgraded: Upgraded, tmp_path: Path) -> None:
    heads = tmp_path / "heads.jsonl"
    signed = upgraded.before["audit_signedhead"].of("head")
    heads.write_text("\n".join(as_text(head) for (head,) in signed))
    said = upgraded.manage("audit", "verify", "--head", str(heads))
    for workspace, sequence in upgraded.before["audit_chain"].of("workspace", "sequence"):
        assert f"{workspace}: verified up to #{sequence}, checked against 1 signed head" in said


def as_text(value: Any) -> str:
    """JSON, which PostgreSQL gives parsed and SQLite as text."""
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET outcome = 'refused'", "DELETE FROM audit_event"]
)
def test_the_trail_is_still_append_only(upgraded: Upgraded, statement: str) -> None:
    with pytest.raises((sqlite3.Error, psycopg.Error), match="append-only"):
        upgraded.database.ask(statement)


def test_secrets_are_read_and_states_are_known(upgraded: Upgraded) -> None:
    told = json.loads(upgraded.manage("shell", "--no-imports", "-c", READ))
    asked = upgraded.before["resources_deactivation"].of("incident", "state")
    assert told == {
        "api keys": API_KEYS,
        "second factor": SECOND_FACTOR,
        "recovery codes": True,
        "states": {getattr(incident, "hex", incident): state for incident, state in asked},
    }
