"""A Redis cache that goes on in this process's memory while Redis does not answer.

After a failure nobody asks Redis for PAUSE_SECONDS, and then one caller does, so a page waits for
one timeout at most. A cache that must not remember what others have deleted meanwhile, as that of
sessions, has no memory and starts anew afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from redis.exceptions import DataError, RedisError

from loopsweb.circuit import Circuit
from loopsweb.signed_cache import SignedCache

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0

circuits: dict[str, Circuit] = {}  # by server
cleared: dict[tuple[str, str], int] = {}  # {(server, key prefix): after which outage}


def guard(name: str) -> Callable[..., Any]:
    """The method `name` of Redis, or of the memory while Redis does not answer."""

    def call(self: OutageCache, *args: Any, **kwargs: Any) -> Any:
        if self.circuit.may_try():
            try:
                return self.ask_redis(name, *args, **kwargs)
            except DataError:  # not ours to read: a miss
                return getattr(DummyCache("", {}), name)(*args, **kwargs)
            except (RedisError, OSError) as error:
                if self.circuit.fail():
                    log.warning("Redis does not answer: %s", error)
        return getattr(self.memory, name)(*args, **kwargs)

    return call


class OutageCache(SignedCache):
    """Option FORGETS_OUTAGES: nothing is kept in memory, and Redis is emptied of this cache's
    entries when it answers again."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        options, self.place = params.get("OPTIONS", {}), (server, str(params.get("KEY_PREFIX", "")))
        self.circuit = circuits.setdefault(server, Circuit(PAUSE_SECONDS))
        self.forgets = bool(options.get("FORGETS_OUTAGES"))
        kept = {"OPTIONS": {"MAX_ENTRIES": options.get("MAX_ENTRIES", 1000)}}
        self.memory: BaseCache = (
            DummyCache("", {}) if self.forgets else LocMemCache(f"outage of {self.place[1]}", kept)
        )

    def ask_redis(self, name: str, *args: Any, **kwargs: Any) -> Any:
        outages = self.circuit.outages
        if self.forgets and cleared.get(self.place, 0) < outages:
            self.client.delete_pattern("*")
            cleared[self.place] = outages
        answer = getattr(super(), name)(*args, **kwargs)
        if self.circuit.succeed():
            log.warning("Redis answers again.")
        return answer

    add, get, set, touch = guard("add"), guard("get"), guard("set"), guard("touch")
    delete, has_key = guard("delete"), guard("has_key")
    get_many, set_many = guard("get_many"), guard("set_many")
    delete_many, clear = guard("delete_many"), guard("clear")
