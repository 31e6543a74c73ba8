"""A cache in Redis of values that never change under their names: a process keeps those it has read
lately, and does not ask for them again."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.locmem import LocMemCache

from loopsweb.outage_cache import OutageCache

KEPT_SECONDS = 60
KEPT_ENTRIES = 200  # of at most 100 kB each


class ConstantCache(OutageCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        kept = {"OPTIONS": {"MAX_ENTRIES": KEPT_ENTRIES}, "TIMEOUT": KEPT_SECONDS}
        self.read_lately = LocMemCache(f"read lately from {self.place[1]}", kept)

    def get(self, key: str, default: Any = None, *args: Any, **kwargs: Any) -> Any:
        kept = self.read_lately.get(key)
        if kept is not None:
            return kept
        found = super().get(key, None, *args, **kwargs)
        if found is None:
            return default
        self.read_lately.set(key, found)
        return found

    def clear(self, *args: Any, **kwargs: Any) -> Any:
        self.read_lately.clear()
        return super().clear(*args, **kwargs)
