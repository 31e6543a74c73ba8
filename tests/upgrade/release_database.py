"""Loads the dump of the previous release into a database of its own."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

FOLDER = Path(__file__).parent
SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence'"
POSTGRESQL_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@dataclass(frozen=True)
class Table:
    columns: list[str]
    rows: list[tuple[Any, ...]]

    def select(self, *columns: str) -> list[tuple[Any, ...]]:
        """Return these columns of every row."""
        indexes = [self.columns.index(name) for name in columns]
        return [tuple(row[index] for index in indexes) for row in self.rows]


@dataclass(frozen=True)
class Database:
    """Read without Django, so that columns outside its models are included."""

    url: str
    connect: Callable[[], AbstractContextManager[Any]]
    tables: str

    def query(self, statement: str) -> Table:
        with self.connect() as connection:
            cursor = connection.execute(statement)
            columns = [column[0] for column in cursor.description or ()]
            return Table(columns, cursor.fetchall())

    def read_tables(self) -> dict[str, Table]:
        """Return every table that the database lists, with all rows."""
        names = [name for (name,) in self.query(self.tables).rows]
        return {name: self.query(f'SELECT * FROM "{name}"') for name in names}  # noqa: S608


@contextmanager
def load_release_database(folder: Path) -> Iterator[Database]:
    """Load it on the database of this test run."""
    server = os.environ.get("DATABASE_URL")
    loading = load_postgresql(server) if server else load_sqlite(folder / "release.sqlite3")
    with loading as database:
        yield database


@contextmanager
def load_sqlite(file: Path) -> Iterator[Database]:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((FOLDER / "sqlite.sql").read_text())
    yield Database(f"sqlite:///{file}", lambda: closing(sqlite3.connect(file)), SQLITE_TABLES)


@contextmanager
def load_postgresql(server: str) -> Iterator[Database]:
    name = f"released_{secrets.token_hex(6)}"
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as server_connection:
        server_connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            with psycopg.connect(url) as connection:
                connection.execute((FOLDER / "postgresql.sql").read_bytes())
            yield Database(url, lambda: psycopg.connect(url), POSTGRESQL_TABLES)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            server_connection.execute(drop.format(sql.Identifier(name)))
