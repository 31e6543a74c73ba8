from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.conf import settings
from django.core.cache import caches

from loopsweb.ui.table_cache import remembered


def counting() -> Iterator[str]:
    yield from ("first", "second")


def test_what_is_remembered_is_not_made_again() -> None:
    made = counting()

    assert [remembered(lambda: next(made), within=(1, "a")) for _ in range(2)] == ["first"] * 2
    assert remembered(lambda: next(made), within=(2, "a")) == "second"


def test_no_cache_takes_room_from_another() -> None:
    for alias in settings.CACHES:
        caches[alias].set("whose", alias)

    kept = {alias: caches[alias].get("whose") for alias in settings.CACHES}

    assert kept == {"default": "default", "sessions": "sessions", "tables": "tables"}


def test_a_remembered_table_is_among_the_tables() -> None:
    remembered(lambda: "a table", within=("here",))

    assert caches["tables"].get(hashlib.sha256(b"('here',)").hexdigest()) == "a table"
