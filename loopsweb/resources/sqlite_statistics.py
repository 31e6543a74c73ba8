"""What SQLite is told of its tables, so that it chooses the same indexes for all data.

SQLite guesses how many rows an index leads to, or reads it from statistics. Its own count, ANALYZE,
takes seconds for a large database, and looked at in part it misleads: the first entries of an index
are all of one workspace. Either way it read all changes of an organisation for each of fifty rows.
So its statistics are written here, as of a large organisation, after migrations have run: a small
one is quick with any index. See https://www.sqlite.org/optoverview.html#manual_control_of_query_plans
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connections

ROWS = 1_000_000  # of a table
PARTIAL_ROWS = 10_000  # for which the condition of an index holds
VALUES = {  # how many different ones a column has. A column that is not here has as many as rows
    "workspace": 10,
    "workspace_id": 10,
    "noun": 4,
    "status": 5,
    "sync_status": 4,
    "state": 5,
    "base_model": 20,
    "owner_email": 50,
    "source_key_id": 100,
    "key_id": 100,
    "state_id": 100,
    "by": 2,
    "cleanup_id": 100,
    "gpus": 10,
    "usd_per_hour": 20,
    "missing_since": 3,
    "is_status_omitted": 2,
}


class Index(NamedTuple):
    name: str
    columns: list[str]
    is_unique: bool = False
    is_partial: bool = False


def write_statistics(*, using: str, **_: Any) -> None:
    """After migrations. Does nothing on PostgreSQL, which keeps count of the data by itself."""
    database = connections[using]
    if database.vendor != "sqlite":
        return
    with database.cursor() as cursor:
        cursor.execute("ANALYZE sqlite_schema")  # creates the tables of statistics, if need be
        for table in list_tables_of_statistics(cursor):
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608
        found = [
            (table, index.name, describe_index(index))
            for table in database.introspection.table_names(cursor)
            for index in list_indexes(cursor, table)
        ]
        cursor.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)", found)
        cursor.execute("ANALYZE sqlite_schema")  # reads them


def list_tables_of_statistics(cursor: Any) -> list[str]:
    """sqlite_stat4 is there as well where SQLite was built with it."""
    cursor.execute("SELECT name FROM sqlite_schema WHERE name IN ('sqlite_stat1', 'sqlite_stat4')")
    return [name for (name,) in cursor.fetchall()]


def list_indexes(cursor: Any, table: str) -> Iterator[Index]:
    cursor.execute("SELECT name, [unique], partial FROM pragma_index_list(%s)", [table])
    for name, is_unique, is_partial in cursor.fetchall():
        cursor.execute("SELECT name FROM pragma_index_info(%s) ORDER BY seqno", [name])
        columns = [column for (column,) in cursor.fetchall()]
        yield Index(name, columns, is_unique=bool(is_unique), is_partial=bool(is_partial))


def describe_index(index: Index) -> str:
    """The number of its entries, and then how many of them are alike in the first column, in the
    first two, and so on: https://www.sqlite.org/fileformat2.html#stat1tab"""
    counts = [PARTIAL_ROWS if index.is_partial else ROWS]
    for column in index.columns:
        counts.append(max(counts[-1] // VALUES.get(column, ROWS), 1))
    if index.is_unique:
        counts[-1] = 1
    return " ".join(map(str, counts))
