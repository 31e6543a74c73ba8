"""Runs the simulator in its own process, over HTTP, with a stopped clock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from waitress.server import create_server

from loopsweb.simulator import Simulator


@contextmanager
def run_frozen_api(*, runs: int) -> Iterator[str]:
    """Yields its URL."""
    command = [sys.executable, "-m", "bench.frozen_api", str(runs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            yield child.stdout.readline().strip()
        finally:
            child.terminate()


if __name__ == "__main__":
    simulator = Simulator(
        runs=int(sys.argv[1]), checkpoints_per_run=1, now=datetime(2026, 11, 23, 21, tzinfo=UTC)
    )
    server = create_server(simulator, host="127.0.0.1", port=0, threads=4)
    print(f"http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()
