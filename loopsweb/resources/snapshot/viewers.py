"""Remembers which workspaces have an open page: they are polled more often."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import lru_cache

from django.core.cache import cache

from loopsweb.accounts.models import Workspace

VIEWED_FOR_SECONDS = 45
TURN_SECONDS = 10


def record_viewer(workspace: Workspace) -> None:
    record_viewer_in_turn(workspace.pk, time.monotonic() // TURN_SECONDS)


@lru_cache(maxsize=4096)
def record_viewer_in_turn(workspace_id: int, _turn: float) -> None:
    """Once a turn in each process, however many pages ask for news."""
    cache.set(cache_name(workspace_id), 1, VIEWED_FOR_SECONDS)


def select_viewed(workspace_ids: Iterable[int]) -> set[int]:
    """Those of the workspaces whose pages are open."""
    names = {cache_name(pk): pk for pk in workspace_ids}
    return {names[found] for found in cache.get_many(list(names))}


def cache_name(workspace_id: int) -> str:
    return f"viewed:{workspace_id}"
