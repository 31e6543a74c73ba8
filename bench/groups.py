"""The groups of figures: each is measured by a process and in an installation of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench.frozen_api import run_frozen_api
from bench.sizes import Sizes

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL and Redis"
BOTH = (SQLITE, POSTGRESQL)


def run_small_api(sizes: Sizes) -> AbstractContextManager[str]:
    return run_frozen_api(runs=sizes.polled)


@dataclass(frozen=True)
class Group:
    """settings: those in which it is measured. api: starts the API that the installation knows, and
    yields its URL."""

    settings: tuple[str, ...] = BOTH
    api: Callable[[Sizes], AbstractContextManager[str]] = run_small_api


# {a module here, whose `measure` yields the figures}
GROUPS = {
    "everything": Group(),
    "throughput": Group(settings=(POSTGRESQL,)),
}
