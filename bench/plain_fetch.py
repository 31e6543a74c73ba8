"""Asks for URLs with plain httpx, with as many threads as are given, in a process of its own.

The floor of a sweep: one key's URLs follow one another, keys are served at once.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from multiprocessing.pool import ThreadPool

import httpx
import msgspec


class Fetch(msgspec.Struct):
    """requests: [key, path and query]."""

    api: str
    requests: list[tuple[str, str]]
    threads: int
    decodes: bool


class Spent(msgspec.Struct):
    """In seconds. largest: bytes of an answer."""

    cpu: float
    wall: float
    largest: int


def fetch_plainly(
    api: str, requests: Sequence[tuple[str, str]], *, threads: int, decodes: bool = False
) -> Spent:
    given = msgspec.json.encode(Fetch(api, [*requests], threads, decodes))
    command = [sys.executable, "-m", "bench.plain_fetch"]
    done = subprocess.run(command, input=given, check=True, capture_output=True)
    return msgspec.json.decode(done.stdout, type=Spent)


def fetch(given: Fetch) -> Spent:
    urls: dict[str, list[str]] = defaultdict(list)
    for key, url in given.requests:
        urls[key].append(url)
    with httpx.Client(base_url=given.api, timeout=60) as http, ThreadPool(given.threads) as pool:

        def ask(key: str) -> int:
            largest = 0
            for url in urls[key]:
                answer = http.get(url, headers={"Authorization": f"Api-Key {key}"})
                body = answer.raise_for_status().content
                if given.decodes:
                    msgspec.json.decode(body)
                largest = max(largest, len(body))
            return largest

        wall, cpu = time.perf_counter(), time.process_time()
        largest = max(pool.map(ask, urls, chunksize=1))
        return Spent(time.process_time() - cpu, time.perf_counter() - wall, largest)


if __name__ == "__main__":
    spent = fetch(msgspec.json.decode(sys.stdin.buffer.read(), type=Fetch))
    sys.stdout.buffer.write(msgspec.json.encode(spent))
