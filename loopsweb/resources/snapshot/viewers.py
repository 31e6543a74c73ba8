"""Remembers which workspaces have an open page: they are polled more often."""

from __future__ import annotations

import time
from functools import lru_cache

from django.core.cache import caches

from loopsweb.accounts.models import Workspace

VIEWED_FOR_SECONDS = 45
TURN_SECONDS = 10
CACHE = "viewers"  # shared with the workers
REGISTER, KEPT_SECONDS = "viewed", 3600


def record_viewer(workspace: Workspace) -> None:
    record_viewer_in_turn(workspace.pk, time.monotonic() // TURN_SECONDS)


@lru_cache(maxsize=4096)
def record_viewer_in_turn(workspace_id: int, _turn: float) -> None:
    """Once a turn in each process, however many pages ask for news. Of two processes that change
    the register at once, one is heard in its next turn."""
    cache = caches[CACHE]
    cache.set(cache_name(workspace_id), 1, VIEWED_FOR_SECONDS)
    registered: list[int] = cache.get(REGISTER, [])
    if workspace_id not in registered:
        viewed = {*select_viewed(registered), workspace_id}
        cache.set(REGISTER, sorted(viewed), KEPT_SECONDS)


def find_viewed() -> set[int]:
    """The ids of all workspaces whose pages are open."""
    return select_viewed(caches[CACHE].get(REGISTER, []))


def is_viewed(workspace_id: int) -> bool:
    return cache_name(workspace_id) in caches[CACHE]


def select_viewed(workspace_ids: list[int]) -> set[int]:
    names = {cache_name(pk): pk for pk in workspace_ids}
    return {names[found] for found in caches[CACHE].get_many(list(names))} if names else set()


def cache_name(workspace_id: int) -> str:
    return f"viewed:{workspace_id}"
