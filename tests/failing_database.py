"""Databases that can be read but not written: full, read-only or locked, on SQLite and PostgreSQL.

All are real, except that a trigger simulates the full disk of PostgreSQL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from django.db import connection

DEFAULT_MAX_PAGES = 1_073_741_823  # pages, SQLite's own default
FILL_DISK = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
RAISE 'could not extend file "base/1/2": No space left on device' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER disk_full BEFORE INSERT ON audit_event EXECUTE FUNCTION disk_full();
"""


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def is_sqlite() -> bool:
    return connection.vendor == "sqlite"


@contextmanager
def fill_disk() -> Iterator[None]:
    """No page can be added. Only writes larger than the free space in existing pages fail."""
    if is_sqlite():
        execute("VACUUM")  # free space of deleted rows
        execute("PRAGMA max_page_count = 1")  # SQLite raises it to the current number of pages
    else:
        execute(FILL_DISK)
    try:
        yield
    finally:
        undo = f"PRAGMA max_page_count = {DEFAULT_MAX_PAGES}"
        execute(undo if is_sqlite() else "DROP FUNCTION disk_full CASCADE")


@contextmanager
def make_read_only() -> Iterator[None]:
    execute("PRAGMA query_only = ON" if is_sqlite() else "SET default_transaction_read_only = on")
    try:
        yield
    finally:
        execute(
            "PRAGMA query_only = OFF" if is_sqlite() else "SET default_transaction_read_only = off"
        )


@contextmanager
def lock_chain() -> Iterator[None]:
    """Another writer keeps the lock. Our lock timeout is shortened."""
    name = connection.settings_dict["NAME"]
    if is_sqlite():
        execute("PRAGMA busy_timeout = 50")
        other: Any = sqlite3.connect(name, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
    else:
        execute("SET lock_timeout = '50ms'")
        parameters = connection.get_connection_params()
        wanted = {each: parameters[each] for each in ("host", "port", "user") if each in parameters}
        other = psycopg.connect(dbname=name, **wanted)
        other.execute("SELECT 1 FROM audit_chain FOR UPDATE")
    try:
        yield
    finally:
        other.close()
        connection.close()  # discards the settings of this test


FAILURES: dict[str, tuple[Callable[[], AbstractContextManager[None]], str]] = {
    "disk full": (fill_disk, "the disk is full"),
    "read-only": (make_read_only, "the database is read-only"),
    "chain held": (lock_chain, "the database was locked for too long"),
}
