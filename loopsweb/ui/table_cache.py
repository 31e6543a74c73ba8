"""Rendered tables, kept for as long as nothing they show has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import caches

SECONDS = 300
T = TypeVar("T")


def remembered(make: Callable[[], T], *, within: tuple[object, ...]) -> T:
    """What `make` made the last time for the same `within`: all that the result depends on."""
    name = hashlib.sha256(repr(within).encode()).hexdigest()
    tables = caches["tables"]
    found: T | None = tables.get(name)
    if found is None:
        found = make()
        tables.set(name, found, SECONDS)
    return found
