"""A database as the release before left it, loaded into one of its own."""

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

HERE = Path(__file__).parent
SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence'"
POSTGRESQL_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@dataclass(frozen=True)
class Table:
    columns: list[str]
    rows: list[tuple[Any, ...]]

    def of(self, *columns: str) -> list[tuple[Any, ...]]:
        """Its rows, of these columns alone."""
        places = [self.columns.index(name) for name in columns]
        return [tuple(row[place] for place in places) for row in self.rows]


@dataclass(frozen=True)
class Database:
    """Read past Django, so that what its models leave out is seen as well."""

    url: str
    connect: Callable[[], AbstractContextManager[Any]]
    tables: str

    def ask(self, statement: str) -> Table:
        with self.connect() as connection:
            cursor = connection.execute(statement)
            columns = [column[0] for column in cursor.description or ()]
            return Table(columns, cursor.fetchall())

    def everything(self) -> dict[str, Table]:
        """Every row of every table, by the database's own catalogue."""
        names = [name for (name,) in self.ask(self.tables).rows]
        return {name: self.ask(f'SELECT * FROM "{name}"') for name in names}  # noqa: S608


@contextmanager
def loaded(folder: Path) -> Iterator[Database]:
    """On whichever database the run stands on."""
    server = os.environ.get("DATABASE_URL")
    with on_postgresql(server) if server else on_sqlite(folder / "released.sqlite3") as database:
        yield database


@contextmanager
def on_sqlite(file: Path) -> Iterator[Database]:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((HERE / "sqlite.sql").read_text())
    yield Database(f"sqlite:///{file}", lambda: closing(sqlite3.connect(file)), SQLITE_TABLES)


@contextmanager
def on_postgresql(server: str) -> Iterator[Database]:
    name = f"released_{secrets.token_hex(6)}"
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as outside:
        outside.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            with psycopg.connect(url) as connection:
                connection.execute((HERE / "postgresql.sql").read_bytes())
            yield Database(url, lambda: psycopg.connect(url), POSTGRESQL_TABLES)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            outside.execute(drop.format(sql.Identifier(name)))
