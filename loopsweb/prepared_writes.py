"""INSERTs and UPDATEs of many rows that are written once a process.

PostgreSQL takes all rows of a statement as one JSON text: with a value for each column of each row,
reading the statement takes longer than carrying it out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property, lru_cache
from typing import Any

import msgspec
from django.db import connection
from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    TextField,
)

from loopsweb.batches import split

# Taken by every driver as they are.
PLAIN = (BooleanField, CharField, TextField, IntegerField, ForeignKey)
ROWS_AT_ONCE = 500
Row = Sequence[Any]


class PreparedInsert:
    """Inserts rows of a model.

    replaces: a row is written over the one that has its primary key. Otherwise the database chooses
    the primary keys. unique: the columns of a constraint; the `updated` columns of a row are
    written over those of one that has the same.
    """

    def __init__(
        self,
        model: type[Model],
        *,
        replaces: bool = False,
        unique: Sequence[str] = (),
        updated: Sequence[str] = (),
    ) -> None:
        self.meta, self.replaces = model._meta, replaces
        self.unique, self.updated = unique, updated
        self.fields = [f for f in self.meta.concrete_fields if replaces or not f.primary_key]
        self.names = [field.attname for field in self.fields]

    @cached_property
    def parts(self) -> tuple[str, str]:
        """What stands before the rows, and after them."""
        columns, key = quote_columns(self.fields), quote(str(self.meta.pk.column))
        after = f" RETURNING {key}"
        if self.replaces or self.unique:
            same = ", ".join(map(quote, self.unique)) or key
            updated = [quote(column) for column in self.updated] if self.unique else columns
            written = ", ".join(f"{name} = EXCLUDED.{name}" for name in updated)
            after = f" ON CONFLICT ({same}) DO UPDATE SET {written}{after}"
        return f"INSERT INTO {quote(self.meta.db_table)} ({', '.join(columns)})", after

    def insert(self, cursor: Any, rows: Sequence[Row]) -> list[int]:
        """Return the primary keys. rows: values in the order of `names`."""
        before, after = self.parts
        keys: list[int] = []
        for some in split(rows, ROWS_AT_ONCE):
            made, given = self.write_rows(some)
            cursor.execute(f"{before} {made}{after}", given)
            keys += [key for (key,) in cursor.fetchall()]
        return keys

    def insert_models(self, cursor: Any, models: Sequence[Model]) -> list[int]:
        """Return the primary keys. models: unsaved ones, with their values."""
        return self.insert(cursor, [[getattr(m, name) for name in self.names] for m in models])

    def write_rows(self, rows: Sequence[Row]) -> tuple[str, list[Any]]:
        """The rows as SQL, and its values. A single row takes no JSON."""
        if len(rows) > 1 and connection.vendor == "postgresql":
            columns = ", ".join(quote_columns(self.fields))
            return f"SELECT {columns} FROM {read_json(self.meta)}", [write_json(self.fields, rows)]  # noqa: S608
        places = f"({', '.join(['%s'] * len(self.fields))})"
        return f"VALUES {', '.join([places] * len(rows))}", adapt_rows(self.fields, rows)


class PreparedUpdate:
    """Writes fields of rows that are there. names: of the fields, foreign keys as "team_id"."""

    def __init__(self, model: type[Model], names: Sequence[str]) -> None:
        self.meta, self.names = model._meta, names
        self.fields = [next(f for f in self.meta.concrete_fields if f.attname == n) for n in names]

    @cached_property
    def statement(self) -> str:
        table, columns = quote(self.meta.db_table), quote_columns(self.fields)
        key = quote(str(self.meta.pk.column))
        if connection.vendor == "postgresql":
            written = ", ".join(f"{column} = given.{column}" for column in columns)
            source = f" FROM {read_json(self.meta)} AS given WHERE {table}.{key} = given.{key}"
            return f"UPDATE {table} SET {written}{source}"  # noqa: S608
        written = ", ".join(f"{column} = %s" for column in columns)
        return f"UPDATE {table} SET {written} WHERE {key} = %s"  # noqa: S608

    def update(self, cursor: Any, rows: Sequence[Model]) -> None:
        """rows: saved ones, with their new values."""
        fields = [*self.fields, self.meta.pk]
        values = ([getattr(row, field.attname) for field in fields] for row in rows)
        for some in split(values, ROWS_AT_ONCE):
            if connection.vendor == "postgresql":
                cursor.execute(self.statement, [write_json(fields, some)])
            else:
                cursor.executemany(self.statement, [adapt_rows(fields, [row]) for row in some])


def quote(name: str) -> str:
    return connection.ops.quote_name(name)


def quote_columns(fields: Sequence[Field[Any, Any]]) -> list[str]:
    return [quote(str(field.column)) for field in fields]


def read_json(meta: Any) -> str:
    """What PostgreSQL reads rows from: the types are those of the table's columns."""
    return f"json_populate_recordset(NULL::{quote(meta.db_table)}, %s)"


def write_json(fields: Sequence[Field[Any, Any]], rows: Sequence[Row]) -> str:
    columns = [str(field.column) for field in fields]
    return msgspec.json.encode([dict(zip(columns, row, strict=True)) for row in rows]).decode()


def adapt_rows(fields: Sequence[Field[Any, Any]], rows: Sequence[Row]) -> list[Any]:
    """The values of all rows, one after the other, as the database's driver takes them."""
    adapters = [find_adapter(field) for field in fields]
    return [
        adapt(value) if adapt else value
        for row in rows
        for adapt, value in zip(adapters, row, strict=True)
    ]


@cache
def find_adapter(field: Field[Any, Any]) -> Callable[[Any], Any] | None:
    if isinstance(field, PLAIN):
        return None
    if isinstance(field, DateTimeField):
        return adapt_time
    return lambda value: field.get_db_prep_save(value, connection)


@lru_cache(maxsize=4096)
def adapt_time(value: Any) -> Any:
    """Most rows of an answer have some of their times in common."""
    return connection.ops.adapt_datetimefield_value(value)
