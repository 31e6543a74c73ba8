"""Rendered tables, kept for as long as nothing they show has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

SECONDS = 300
T = TypeVar("T")


def remembered(make: Callable[[], T], *, within: tuple[object, ...]) -> T:
    """What `make` made the last time for the same `within`: all that the result depends on."""
    name = "table:" + hashlib.sha256(repr(within).encode()).hexdigest()
    found: T | None = cache.get(name)
    if found is None:
        found = make()
        cache.set(name, found, SECONDS)
    return found
