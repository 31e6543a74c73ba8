from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TIME_SCALE = "0.4"


@contextmanager
def run_simulator(*, host: str, port: int) -> Iterator[None]:
    """Run the simulator as a child process. It listens on entry and is stopped on exit.

    Raises ChildProcessError if it does not start.
    """
    command = [sys.executable, "-m", "loopsweb.simulator", "--host", host, "--port", str(port)]
    with subprocess.Popen(  # noqa: S603
        [*command, "--workload", "--time-scale", TIME_SCALE],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            if child.stdout is None or not child.stdout.readline():
                raise ChildProcessError("The simulator did not start.")
            yield
        finally:
            child.terminate()
