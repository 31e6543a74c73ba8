"""Being looked at: while somebody has a page of a workspace open it is polled more often."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.cache import cache

from loopsweb.accounts.models import Workspace

LOOKED_AT_FOR_SECONDS = 45


def looked_at(workspace: Workspace) -> None:
    cache.set(name(workspace.pk), 1, LOOKED_AT_FOR_SECONDS)


def watched(workspace_ids: Iterable[int]) -> set[int]:
    """Those of the workspaces that somebody looks at."""
    names = {name(pk): pk for pk in workspace_ids}
    return {names[found] for found in cache.get_many(list(names))}


def name(workspace_id: int) -> str:
    return f"watched:{workspace_id}"
