"""A Redis cache that goes on in this process's memory while Redis does not answer.

One failure opens the circuit: for PAUSE_SECONDS nothing asks Redis, so a page waits for one timeout
at most. A cache that must not remember what others have deleted meanwhile, as that of sessions, has
no memory and starts anew afterwards.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from redis.exceptions import DataError, RedisError

from loopsweb.signed_cache import SignedCache

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0


@dataclass
class Circuit:
    """Whether one server answers, as this process knows. failed_at: on the monotonic clock."""

    failed_at: float = float("-inf")
    is_open: bool = False
    outages: int = 0
    cleared: dict[str, int] = field(default_factory=dict)  # {key prefix: after which outage}

    def is_paused(self) -> bool:
        return self.is_open and time.monotonic() - self.failed_at < PAUSE_SECONDS

    def fail(self, error: Exception) -> None:
        if not self.is_open:
            log.warning("Redis does not answer: %s", error)
            self.outages += 1
        self.is_open, self.failed_at = True, time.monotonic()

    def succeed(self) -> None:
        if self.is_open:
            log.warning("Redis answers again.")
        self.is_open = False


circuits: dict[str, Circuit] = {}  # by server


def guard(name: str) -> Callable[..., Any]:
    """The method `name` of Redis, or of the memory while Redis does not answer."""

    def call(self: OutageCache, *args: Any, **kwargs: Any) -> Any:
        if not self.circuit.is_paused():
            try:
                return self.ask_redis(name, *args, **kwargs)
            except DataError:  # not ours to read: a miss
                return getattr(DummyCache("", {}), name)(*args, **kwargs)
            except (RedisError, OSError) as error:
                self.circuit.fail(error)
        return getattr(self.memory, name)(*args, **kwargs)

    return call


class OutageCache(SignedCache):
    """Option FORGETS_OUTAGES: nothing is kept in memory, and Redis is emptied of this cache's
    entries when it answers again."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        options, self.prefix = params.get("OPTIONS", {}), str(params.get("KEY_PREFIX", ""))
        self.circuit = circuits.setdefault(server, Circuit())
        self.forgets = bool(options.get("FORGETS_OUTAGES"))
        kept = {"OPTIONS": {"MAX_ENTRIES": options.get("MAX_ENTRIES", 1000)}}
        self.memory: BaseCache = (
            DummyCache("", {}) if self.forgets else LocMemCache(f"outage of {self.prefix}", kept)
        )

    def ask_redis(self, name: str, *args: Any, **kwargs: Any) -> Any:
        outages = self.circuit.outages
        if self.forgets and self.circuit.cleared.get(self.prefix, 0) < outages:
            self.client.delete_pattern("*")
            self.circuit.cleared[self.prefix] = outages
        answer = getattr(super(), name)(*args, **kwargs)
        self.circuit.succeed()
        return answer

    add, get, set, touch = guard("add"), guard("get"), guard("set"), guard("touch")
    delete, has_key = guard("delete"), guard("has_key")
    get_many, set_many = guard("get_many"), guard("set_many")
    delete_many, clear = guard("delete_many"), guard("clear")
