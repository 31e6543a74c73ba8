"""While Redis does not answer, caches go on in memory; sessions are not remembered."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches

from loopsweb.outage_cache import OutageCache
from tests.servers import find_free_port


@pytest.fixture
def gone() -> dict[str, OutageCache]:
    """The caches of the site, on a Redis that is not there."""
    server = f"redis://127.0.0.1:{find_free_port()}/0"
    found = {name: OutageCache(server, config) for name, config in settings.CACHES.items()}
    for cache in found.values():
        cache.memory.clear()
    return found


@pytest.mark.parametrize("name", ["default", "tables"])
def test_memory_stands_in_for_redis(name: str, gone: dict[str, OutageCache]) -> None:
    cache = gone[name]
    assert (cache.add("a", 1), cache.add("a", 2), cache.get("a")) == (True, False, 1)
    cache.set_many({"b": [1.5], "c": {}})
    assert cache.get_many(["a", "b", "c", "d"]) == {"a": 1, "b": [1.5], "c": {}}
    assert (cache.incr("a"), cache.has_key("b"), cache.delete("b")) == (2, True, True)
    assert (cache.get("b", "default"), cache.touch("c", 10)) == ("default", True)


def test_no_session_is_remembered(gone: dict[str, OutageCache]) -> None:
    gone["sessions"].set("a", 1)
    assert gone["sessions"].get("a") is None


def test_redis_is_not_asked_again_at_once(gone: dict[str, OutageCache]) -> None:
    asked = list[str]()
    for cache in gone.values():
        cache.ask_redis = watch(cache.ask_redis, asked)  # type: ignore[method-assign]
    for cache in gone.values():
        cache.get("a")
        cache.set("a", 1)
    assert asked == ["get"]

    gone["default"].circuit.tried_at -= 60
    gone["default"].get("a")
    assert asked == ["get", "get"]


def watch(ask: Any, asked: list[str]) -> Any:
    def call(name: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(name)
        return ask(name, *args, **kwargs)

    return call


def test_after_an_outage_sessions_are_read_from_the_database_again() -> None:
    for cache in caches.all(initialized_only=False):
        cache.set("a", 1)
    sessions = caches["sessions"]
    assert isinstance(sessions, OutageCache)
    sessions.circuit.fail()
    assert sessions.get("a") is None
    sessions.circuit.tried_at -= 60
    assert {name: caches[name].get("a") for name in settings.CACHES} == {
        "default": 1,
        "tables": 1,
        "viewers": 1,
        "sessions": None,
    }
    assert not sessions.circuit.is_open
