from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TIME_SCALE = "20"


@contextmanager
def pretended_api(*, port: int) -> Iterator[None]:
    """The simulator as a child process that listens on entry and is gone after exit.

    Raises ChildProcessError with the child's last words when it does not start.
    """
    command = [sys.executable, "-m", "loopsweb.simulator", "--port", str(port)]
    with subprocess.Popen(  # noqa: S603
        [*command, "--time-scale", TIME_SCALE],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            if child.stdout is None or not child.stdout.readline():
                raise ChildProcessError("The pretended API did not start.")
            yield
        finally:
            child.terminate()
