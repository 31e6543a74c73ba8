"""Connections that give up on a server that does not answer, even one that is frozen, and that can
have statements planned once.

The server's own timeouts do not run while it is stopped, and TCP's do not while its machine still
acknowledges, so the time is kept here.
"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, TypeVar

import psycopg
from django.db.backends.postgresql import base, operations
from psycopg.abc import PQGen

from loopsweb.circuit import Circuit
from loopsweb.postgresql.limits import get_statement_seconds, limit_statements

USABLE_SECONDS = 0.7  # for an idle connection to show that it still works
PAUSE_SECONDS = 2.0  # between two attempts to connect; meanwhile further ones fail at once
PLANNED = "planned"  # the name of a cursor, for `create_cursor`
RV = TypeVar("RV")


class LimitedConnection(psycopg.Connection[Any]):
    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        limit = get_statement_seconds() if timeout is None else None
        if limit is None:
            return super().wait(gen, interval, timeout)
        started = time.monotonic()
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError as error:
            if time.monotonic() - started < limit:
                raise
            self.close()  # an answer that comes later would be taken for the next statement's
            message = f"the database did not answer in {limit:g} s"
            raise psycopg.OperationalError(message) from error


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """Without its values for a statement that was planned before: nobody puts them together."""
        return super().last_executed_query(cursor, sql, params) or sql


class DatabaseWrapper(base.DatabaseWrapper):
    Database = SimpleNamespace(**(vars(psycopg) | {"connect": LimitedConnection.connect}))  # type: ignore[assignment]
    ops_class = DatabaseOperations
    circuit = Circuit(PAUSE_SECONDS)  # of the whole process

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not self.circuit.may_try():
            raise psycopg.OperationalError("the database could not be reached a moment ago")
        if seconds := get_statement_seconds():
            milliseconds = round(seconds * 1000)
            options = f"{conn_params.get('options', '')} -c statement_timeout={milliseconds}"
            conn_params = conn_params | {"options": options}
        try:
            connection = super().get_new_connection(conn_params)
        except psycopg.OperationalError:
            self.circuit.fail()
            raise
        self.circuit.succeed()
        return connection

    def is_usable(self) -> bool:
        with limit_statements(USABLE_SECONDS):
            return bool(super().is_usable())

    def open_planned_cursor(self) -> Any:
        """A cursor whose statements the server plans once a connection, for any values, as soon as
        that is no worse than planning them for each. Their text has to be the same each time."""
        return self._cursor(PLANNED)  # type: ignore[attr-defined]

    def create_cursor(self, name: str | None = None) -> Any:
        if name != PLANNED:
            return super().create_cursor(name)
        return base.ServerBindingCursor(self.connection)  # type: ignore[call-arg]
