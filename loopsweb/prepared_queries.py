"""Statements of the ORM that are compiled once a process and then only executed.

Compiling costs several times what the database takes for a row that is found by an index: this is
for what every request asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup, Model, Q, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler


class Parameter(Value):
    """Stands for a value, in the conditions of a prepared query, that `fetch` is given."""

    def as_sql(self, *_: Any, **__: Any) -> Any:
        return "%s", [self]


@Field.register_lookup
class Among(Lookup[Any]):
    """One of a list of texts that is a single Parameter, however long it is."""

    lookup_name = "among"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        (column, params), (given, more) = (
            self.process_lhs(compiler, connection),
            self.process_rhs(compiler, connection),
        )
        is_sqlite = connection.vendor == "sqlite"
        among = "IN (SELECT value FROM json_each({}))" if is_sqlite else "= ANY({})"
        return f"{column} {among.format(given)}", (*params, *more)


def among(column: str, values: str) -> Q:
    """The column has one of the texts of a Parameter."""
    return Q(**{f"{column}__among": Parameter(values)})


class PreparedQuery:
    """Decorates a function that makes the query, which selects `values_list`. Its conditions
    compare with Parameters.

    Values are given to the database as they are: text and numbers, times in UTC, lists of texts.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self.build = build

    @cached_property
    def compiled(self) -> tuple[str, tuple[Any, ...], dict[Any, Any], SQLCompiler]:
        compiler = self.build().query.get_compiler(connection=connection)
        sql, params = self.write_sql(compiler)
        converters = compiler.get_converters([expression for expression, *_ in compiler.select])
        return sql, params, converters, compiler

    def write_sql(self, compiler: SQLCompiler) -> tuple[str, tuple[Any, ...]]:
        """The statement and what stands for its placeholders."""
        sql, params = compiler.as_sql()
        return sql, tuple(params)

    def fetch(self, **values: str | int | datetime | list[str]) -> list[Any]:
        """The rows, as tuples or lists. values: of the Parameters, by their names."""
        sql, params, converters, compiler = self.compiled
        with self.open_cursor() as cursor:
            adapted = {name: adapt_value(value) for name, value in values.items()}
            given = [adapted[p.value] if isinstance(p, Parameter) else p for p in params]
            cursor.execute(sql, given)
            rows: list[Any] = cursor.fetchall()
        return list(compiler.apply_converters(rows, converters)) if converters else rows

    def open_cursor(self) -> Any:
        return connection.cursor()


def open_cursor() -> Any:
    """A cursor whose statements are planned once, where the database keeps plans."""
    return getattr(connection, "open_planned_cursor", connection.cursor)()


class PlannedQuery(PreparedQuery):
    """PostgreSQL plans it once a connection, whatever the values of its parameters.

    Its rows have to be found by the same index each time. A partial index is used where all that
    its condition names is constant: that becomes part of the statement."""

    def write_sql(self, compiler: SQLCompiler) -> tuple[str, tuple[Any, ...]]:
        sql, params = super().write_sql(compiler)
        if connection.vendor != "postgresql":
            return sql, params
        written = ["%s" if isinstance(one, Parameter) else write_constant(one) for one in params]
        parameters = tuple(one for one in params if isinstance(one, Parameter))
        return sql.replace("%%", "%%%%") % tuple(written), parameters

    def open_cursor(self) -> Any:
        return open_cursor()


def write_constant(value: Any) -> str:
    """As it stands in a statement that has placeholders."""
    ops: Any = connection.ops
    return str(ops.compose_sql("%s", [value])).replace("%", "%%")


def adapt_value(value: Any) -> Any:
    """As the database's driver takes it."""
    if isinstance(value, list):
        return json.dumps(value) if connection.vendor == "sqlite" else value
    is_time = isinstance(value, datetime)
    return connection.ops.adapt_datetimefield_value(value) if is_time else value


class Columns:
    """Stored fields of a model.

    names: which ones, foreign keys as "team_id"; all if there is none. prefix: the relation through
    which a query reaches the model. Raises ValueError for names of no field.
    """

    def __init__(self, model: type[Model], names: str = "", prefix: str = "") -> None:
        stored, wanted = [field.attname for field in model._meta.concrete_fields], names.split()
        if unknown := set(wanted) - set(stored):
            raise ValueError(f"{model.__name__} stores no {unknown}.")
        self.model, self.fields = model, [one for one in stored if one in wanted or not wanted]
        self.paths = [prefix + name for name in self.fields]


def build_rows(values: Sequence[Any], *columns: Columns) -> Iterator[Any]:
    """A row of each model from the values of its columns, which follow one another, as if it had
    been loaded, other fields deferred."""
    start = 0
    for each in columns:
        end = start + len(each.fields)
        yield each.model.from_db(connection.alias, each.fields, values[start:end])
        start = end
