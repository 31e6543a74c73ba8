"""Caches rendered tables, and what else a list shows, until their data changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

import msgspec
from django.core.cache import caches
from django.utils.safestring import SafeString

from loopsweb.ui.clock import name_zone

LIFETIME_SECONDS = 300
T = TypeVar("T")


def cached(make: Callable[[], T], *, key: tuple[object, ...], of: type[T]) -> T:
    """Return the cached result for `key`, or call `make`. `key` holds all that it depends on.

    of: the type of the result, which is stored as JSON. What is of no such type is made again.
    """
    found = find_cached(key=key, of=of)
    if found is not None:
        return found
    made = make()
    caches["tables"].set(build_name(key), msgspec.to_builtins(made), LIFETIME_SECONDS)
    return made


def find_cached(*, key: tuple[object, ...], of: type[T]) -> T | None:
    found = caches["tables"].get(build_name(key))
    if found is None:
        return None
    try:
        return msgspec.convert(found, of)
    except msgspec.ValidationError:
        return None


def build_name(key: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(key).encode()).hexdigest()


def cached_html(render: Callable[[], str], *, key: tuple[object, ...]) -> SafeString:
    """Like `cached`, for HTML with times in the zone of the page. It is stored as plain text."""
    return SafeString(cached(lambda: render() + "", key=(*key, name_zone()), of=str))


def is_cached_html(*, key: tuple[object, ...]) -> bool:
    return find_cached(key=(*key, name_zone()), of=str) is not None
