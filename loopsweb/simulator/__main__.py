"""`python -m loopsweb.simulator`: the simulator as a process of its own."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
from datetime import UTC, datetime

from waitress.server import create_server

from .faults import ConnectionCut
from .service import SHAPES
from .simulator import Simulator

THREADS = 16
STOPPING_SECONDS = 2.0


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM. 1 when the port cannot be had."""
    options = parser().parse_args(arguments)
    simulator = Simulator(
        generation=options.generation,
        seed=options.seed,
        runs=options.runs,
        checkpoints_per_run=options.checkpoints_per_run,
        now=lambda: datetime.now(UTC),
        pace=options.time_scale,
        stopping_seconds=STOPPING_SECONDS,
        sleep=time.sleep,
    )
    log = logging.getLogger("waitress")
    log.setLevel(logging.ERROR)
    log.addFilter(unplanned)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    try:
        server = create_server(simulator, host=options.host, port=options.port, threads=THREADS)
    except OSError as error:
        where = f"{options.host}:{options.port}"
        print(f"Cannot listen on {where}: {error.strerror}.", file=sys.stderr)  # noqa: T201
        return 1
    keys = ", ".join(simulator.world.keys)
    address = f"http://{options.host}:{server.effective_port}"
    print(f"Simulated Loops API on {address} with the keys {keys}", flush=True)  # noqa: T201
    server.run()
    return 0


def unplanned(record: logging.LogRecord) -> bool:
    """Whether a failure is worth a traceback: a cut that a fault asked for is not."""
    return not (record.exc_info and isinstance(record.exc_info[1], ConnectionCut))


def leave(number: int, frame: object) -> None:
    """End at once: there is nothing to save."""
    del number, frame
    sys.exit(0)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    said = argparse.ArgumentParser(prog="python -m loopsweb.simulator", description=__doc__)
    add = said.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8900, help="0 takes a free one")
    add("--generation", choices=sorted(SHAPES), default="current")
    add("--seed", type=int, default=1)
    add("--runs", type=int, default=12)
    add("--checkpoints-per-run", type=int, default=8)
    add(
        "--time-scale",
        type=float,
        default=1.0,
        help="how many times faster things happen than in reality; timestamps stay real",
    )
    return said


if __name__ == "__main__":
    sys.exit(main())
