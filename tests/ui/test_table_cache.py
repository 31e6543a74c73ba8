from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.conf import settings
from django.core.cache import caches

from loopsweb.ui.table_cache import cached


def counting() -> Iterator[str]:
    yield from ("first", "second")


def test_cached_tables_are_not_rendered_again() -> None:
    made = counting()

    assert [cached(lambda: next(made), key=(1, "a")) for _ in range(2)] == ["first"] * 2
    assert cached(lambda: next(made), key=(2, "a")) == "second"


def test_caches_are_separate() -> None:
    for alias in settings.CACHES:
        caches[alias].set("whose", alias)

    kept = {alias: caches[alias].get("whose") for alias in settings.CACHES}

    assert kept == {"default": "default", "sessions": "sessions", "tables": "tables"}


def test_a_cached_table_is_in_the_tables_cache() -> None:
    cached(lambda: "a table", key=("here",))

    assert caches["tables"].get(hashlib.sha256(b"('here',)").hexdigest()) == "a table"
