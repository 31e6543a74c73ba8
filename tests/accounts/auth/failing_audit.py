from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection


@contextmanager
def failing_audit(error: DatabaseError) -> Iterator[None]:
    """Within it, the database refuses each new audit event with `error`."""

    def refuse(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith('INSERT INTO "audit_event"'):
            raise error
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        yield
