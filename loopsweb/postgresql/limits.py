"""How long the statements of this context are waited for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

PAGE_SECONDS = 6.0
WORKER_SECONDS = 30.0
_seconds: ContextVar[float | None] = ContextVar("statement_seconds", default=None)


def get_statement_seconds() -> float | None:
    """None where nobody waits, as in commands and hourly tasks."""
    return _seconds.get()


@contextmanager
def limit_statements(seconds: float) -> Iterator[None]:
    """An outer limit that is shorter stays."""
    token = _seconds.set(min(seconds, _seconds.get() or seconds))
    try:
        yield
    finally:
        _seconds.reset(token)
