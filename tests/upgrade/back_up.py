"""Backs a database up and restores it elsewhere, with the commands of docs/operations.md."""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.servers import find_postgresql_bin
from tests.upgrade.release_database import POSTGRESQL_TABLES, SQLITE_TABLES, Database

COPY = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))"


@contextmanager
def restore_back_up(database: Database, folder: Path) -> Iterator[Database]:
    restore = restore_sqlite if database.url.startswith("sqlite") else restore_postgresql
    with restore(database.url, folder) as restored:
        yield restored


@contextmanager
def restore_sqlite(url: str, folder: Path) -> Iterator[Database]:
    copy = folder / "copy.sqlite3"
    subprocess.run([sys.executable, "-c", COPY, url.removeprefix("sqlite:///"), copy], check=True)
    yield Database(f"sqlite:///{copy}", lambda: closing(sqlite3.connect(copy)), SQLITE_TABLES)


@contextmanager
def restore_postgresql(url: str, folder: Path) -> Iterator[Database]:
    programs, dump = find_postgresql_bin({}), folder / "loopsweb.dump"
    new = f"restored_{secrets.token_hex(6)}"
    new_url = urlsplit(url)._replace(path=f"/{new}").geturl()
    save: list[str | Path] = [programs / "pg_dump", "--format=custom", f"--file={dump}", url]
    load: list[str | Path] = [
        programs / "pg_restore",
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
    ]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(new)))
        try:
            subprocess.run(save, check=True)
            subprocess.run([*load, f"--dbname={new_url}", dump], check=True)
            yield Database(new_url, lambda: psycopg.connect(new_url), POSTGRESQL_TABLES)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            server.execute(drop.format(sql.Identifier(new)))
