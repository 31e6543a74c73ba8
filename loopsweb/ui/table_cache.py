"""Caches rendered tables until their data changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import caches

LIFETIME_SECONDS = 300
T = TypeVar("T")


def cached(make: Callable[[], T], *, key: tuple[object, ...]) -> T:
    """Return the cached result for `key`, or call `make`. `key` holds all that it depends on."""
    name = hashlib.sha256(repr(key).encode()).hexdigest()
    tables = caches["tables"]
    found: T | None = tables.get(name)
    if found is None:
        found = make()
        tables.set(name, found, LIFETIME_SECONDS)
    return found
