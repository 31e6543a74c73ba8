"""Asks for pages over some connections at once for some seconds, in a process of its own.

Each connection asks for the next page when it has the answer to the last. Plain sockets, so that
asking costs little of what is measured.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import msgspec

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TIMEOUT_SECONDS = 60.0


class LoadResult(msgspec.Struct):
    """latencies: in seconds."""

    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def median(self) -> float:
        return statistics.median(self.latencies)


def run_load(
    address: str, paths: Sequence[str], *, cookie: str, connections: int, seconds: float
) -> LoadResult:
    """Raises CalledProcessError if an answer is neither 200 nor 204."""
    command = [sys.executable, "-m", "bench.load", address, cookie, str(connections), str(seconds)]
    done = subprocess.run([*command, *paths], check=True, capture_output=True)
    return msgspec.json.decode(done.stdout, type=LoadResult)


async def ask(address: str, requests: Iterator[bytes], *, until: float) -> list[float]:
    where = urlsplit(address)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    latencies: list[float] = []
    while (start := time.perf_counter()) < until:
        writer.write(next(requests))
        head = await reader.readuntil(b"\r\n\r\n")
        if head[9:12] not in {b"200", b"204"}:
            raise SystemExit(head.decode())
        if length := LENGTH.search(head):
            await reader.readexactly(int(length[1]))
        latencies.append(time.perf_counter() - start)
    writer.close()
    return latencies


async def ask_at_once(
    address: str, cookie: str, connections: int, seconds: float, paths: Sequence[str]
) -> LoadResult:
    host = urlsplit(address).netloc
    requests = itertools.cycle(
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode()
        for path in paths
    )
    start = time.perf_counter()
    asked = [ask(address, requests, until=start + seconds) for _ in range(connections)]
    found = await asyncio.wait_for(asyncio.gather(*asked), seconds + TIMEOUT_SECONDS)
    return LoadResult(time.perf_counter() - start, [one for each in found for one in each])


if __name__ == "__main__":
    address, cookie, connections, seconds, *paths = sys.argv[1:]
    result = asyncio.run(ask_at_once(address, cookie, int(connections), float(seconds), paths))
    sys.stdout.buffer.write(msgspec.json.encode(result))
