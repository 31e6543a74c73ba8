"""Serve a simulated Loops API, for demos and tests, until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
import time
from datetime import UTC, datetime

from waitress.server import create_server

from loopsweb.simulator.dispatcher import SERIALIZERS
from loopsweb.simulator.faults import ConnectionCut
from loopsweb.simulator.simulator import Simulator

THREADS = 16
STOPPING_SECONDS = 2.0


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM. Returns 1 when the address cannot be listened on."""
    options = build_parser().parse_args(arguments)
    simulator = Simulator(
        generation=options.generation,
        seed=options.seed,
        runs=options.runs,
        checkpoints_per_run=options.checkpoints_per_run,
        now=lambda: datetime.now(UTC),
        pace=options.time_scale,
        stopping_seconds=STOPPING_SECONDS,
        is_workload=options.workload,
        sleep=time.sleep,
    )
    log = logging.getLogger("waitress")
    log.setLevel(logging.ERROR)
    log.addFilter(is_unexpected)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, exit_process)
    try:
        listener = open_listener(options.host, options.port)
    except OSError as error:
        where = format_address(options.host, options.port)
        reason = str(error.strerror).partition(" (while")[0]
        print(f"Cannot listen on {where}: {reason}.", file=sys.stderr)  # noqa: T201
        return 1
    server = create_server(simulator, sockets=[listener], threads=THREADS)
    keys = ", ".join(simulator.world.keys)
    address = "http://" + format_address(options.host, listener.getsockname()[1])
    print(f"Simulated Loops API on {address} with the keys {keys}", flush=True)  # noqa: T201
    server.run()
    return 0


def open_listener(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host.strip("[]"), port), family=family, backlog=1024)


def format_address(host: str, port: int) -> str:
    """Host and port as in a URL: IPv6 is in brackets."""
    name = host.strip("[]")
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def is_unexpected(record: logging.LogRecord) -> bool:
    """True unless a fault cut the connection."""
    return not (record.exc_info and isinstance(record.exc_info[1], ConnectionCut))


def exit_process(number: int, frame: object) -> None:
    """Exit at once: there is nothing to save."""
    del number, frame
    sys.exit(0)


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m loopsweb.simulator",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on, IPv4 or IPv6")
    add("--port", type=int, default=8900, help="port to listen on, 0 for any free one")
    generations = sorted(SERIALIZERS)
    add("--generation", choices=generations, default="current", help="API version to serve")
    add("--seed", type=int, default=1, help="the same seed gives the same data")
    add("--runs", type=int, default=12, help="number of runs at the start")
    add("--checkpoints-per-run", type=int, default=8, help="checkpoints of each run")
    add("--workload", action="store_true", help="a team's three days; its clock starts before them")
    add("--time-scale", type=float, default=1.0, help="speed-up of changes; timestamps stay real")
    return parser


if __name__ == "__main__":
    sys.exit(main())
