"""Remembers which workspaces have an open page: they are polled more often."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.cache import cache

from loopsweb.accounts.models import Workspace

VIEWED_FOR_SECONDS = 45


def record_viewer(workspace: Workspace) -> None:
    cache.set(cache_name(workspace.pk), 1, VIEWED_FOR_SECONDS)


def select_viewed(workspace_ids: Iterable[int]) -> set[int]:
    """Those of the workspaces whose pages are open."""
    names = {cache_name(pk): pk for pk in workspace_ids}
    return {names[found] for found in cache.get_many(list(names))}


def cache_name(workspace_id: int) -> str:
    return f"viewed:{workspace_id}"
