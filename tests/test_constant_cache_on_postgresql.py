"""What a process has read from a cache of constant values it keeps for a while."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.cache import caches

from loopsweb.constant_cache import ConstantCache
from tests.servers import find_free_port


@pytest.fixture
def tables() -> ConstantCache:
    cache = caches["tables"]
    assert isinstance(cache, ConstantCache)
    return cache


def test_redis_is_asked_once(tables: ConstantCache) -> None:
    tables.set("page-7", "<table>")
    assert tables.get("page-7") == "<table>"

    tables.delete("page-7")

    assert tables.get("page-7") == "<table>"
    tables.read_lately.clear()
    assert tables.get("page-7") is None


def test_what_was_not_there_is_asked_for_again(tables: ConstantCache) -> None:
    assert tables.get("page-8", "none") == "none"

    tables.set("page-8", "<table>")

    assert tables.get("page-8", "none") == "<table>"


def test_clearing_forgets_what_was_read(tables: ConstantCache) -> None:
    tables.set("page-9", "<table>")
    tables.get("page-9")

    tables.clear()

    assert tables.get("page-9") is None


def test_what_was_read_is_there_while_redis_is_not(tables: ConstantCache) -> None:
    tables.set("page-10", "<table>")
    tables.get("page-10")

    gone = ConstantCache(f"redis://127.0.0.1:{find_free_port()}/0", settings.CACHES["tables"])

    assert gone.get("page-10") == "<table>"
    assert gone.get("page-11") is None
