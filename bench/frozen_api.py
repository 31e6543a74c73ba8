"""The simulator in a process of its own, with a stopped clock."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from bench.api_process import run_api, serve_api
from loopsweb.simulator import Simulator


def run_frozen_api(*, runs: int) -> AbstractContextManager[str]:
    """Yields its URL."""
    return run_api("bench.frozen_api", str(runs))


if __name__ == "__main__":
    simulator = Simulator(
        runs=int(sys.argv[1]), checkpoints_per_run=1, now=datetime(2026, 11, 23, 21, tzinfo=UTC)
    )
    serve_api(simulator, threads=4)
