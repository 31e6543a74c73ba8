"""A database that reads and does not write: full, read-only, or held by somebody else. Really so,
on SQLite and on PostgreSQL; only what fills PostgreSQL's disk is a trigger that says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from django.db import connection

ENDLESS = 1_073_741_823  # pages, SQLite's own default
FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
RAISE 'could not extend file "base/1/2": No space left on device' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER disk_full BEFORE INSERT ON audit_event EXECUTE FUNCTION disk_full();
"""


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def is_sqlite() -> bool:
    return connection.vendor == "sqlite"


@contextmanager
def full() -> Iterator[None]:
    """Not a page more. What is written must be larger than what is left in the pages there are."""
    if is_sqlite():
        run("VACUUM")  # what was deleted leaves room
        run("PRAGMA max_page_count = 1")  # which is: as many as there are now
    else:
        run(FULL)
    try:
        yield
    finally:
        again = f"PRAGMA max_page_count = {ENDLESS}"
        run(again if is_sqlite() else "DROP FUNCTION disk_full CASCADE")


@contextmanager
def read_only() -> Iterator[None]:
    run("PRAGMA query_only = ON" if is_sqlite() else "SET default_transaction_read_only = on")
    try:
        yield
    finally:
        run("PRAGMA query_only = OFF" if is_sqlite() else "SET default_transaction_read_only = off")


@contextmanager
def chain_held() -> Iterator[None]:
    """By another writer, who does not let go; ours waits a moment, not as long as it would."""
    name = connection.settings_dict["NAME"]
    if is_sqlite():
        run("PRAGMA busy_timeout = 50")
        other: Any = sqlite3.connect(name, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
    else:
        run("SET lock_timeout = '50ms'")
        parameters = connection.get_connection_params()
        wanted = {each: parameters[each] for each in ("host", "port", "user") if each in parameters}
        other = psycopg.connect(dbname=name, **wanted)
        other.execute("SELECT 1 FROM audit_chain FOR UPDATE")
    try:
        yield
    finally:
        other.close()
        connection.close()  # with what was set for this test


FAILURES: dict[str, tuple[Callable[[], AbstractContextManager[None]], str]] = {
    "disk full": (full, "its disk is full"),
    "read-only": (read_only, "it is read-only"),
    "chain held": (chain_held, "others have been writing to it for too long"),
}
