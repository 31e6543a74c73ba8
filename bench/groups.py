"""The groups of figures: each is measured by a process and in an installation of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.frozen_api import run_frozen_api
from bench.recorded_api import run_recorded_api
from bench.sizes import Sizes
from tests.processes import start_simulator

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL and Redis"
BOTH = (SQLITE, POSTGRESQL)


def run_small_api(sizes: Sizes) -> AbstractContextManager[str]:
    return run_frozen_api(runs=sizes.polled)


def run_many_keys_api(_: Sizes) -> AbstractContextManager[str]:
    return run_recorded_api(runs=12, checkpoints_per_run=1)


def run_growing_api(sizes: Sizes) -> AbstractContextManager[str]:
    return run_recorded_api(runs=sizes.growing_runs, checkpoints_per_run=2)


def run_large_api(sizes: Sizes) -> AbstractContextManager[str]:
    return run_recorded_api(runs=sizes.snapshot_runs, checkpoints_per_run=10)


def run_largest_api(sizes: Sizes) -> AbstractContextManager[str]:
    return run_recorded_api(runs=sizes.runs, checkpoints_per_run=10)


@contextmanager
def run_live_api(sizes: Sizes) -> Iterator[str]:
    """A simulator in which nothing happens by itself, and whose clock runs."""
    options = ["--runs", str(sizes.polled), "--checkpoints-per-run", "1", "--time-scale", "0.0001"]
    with (
        tempfile.TemporaryDirectory(prefix="loopsweb-bench-api-") as folder,
        start_simulator(Path(folder), *options) as url,
    ):
        yield url


@dataclass(frozen=True)
class Group:
    """settings: those in which it is measured. api: starts the API that the installation knows, and
    yields its URL. is_asked_for: measured only when it is named."""

    settings: tuple[str, ...] = BOTH
    is_asked_for: bool = False
    api: Callable[[Sizes], AbstractContextManager[str]] = run_small_api


# {a module here, whose `measure` yields the figures}
GROUPS = {
    "everything": Group(),
    "throughput": Group(settings=(POSTGRESQL,)),
    "ticks": Group(),
    "sweeps": Group(api=run_many_keys_api),
    "growth": Group(api=run_growing_api),
    "first_snapshot": Group(api=run_large_api),
    "embedded": Group(settings=(SQLITE,), api=run_largest_api),
    "browser": Group(api=run_live_api),
    "soak": Group(
        settings=(POSTGRESQL,),
        is_asked_for=True,
        api=run_many_keys_api,
    ),
}
