"""Freezes a process with its children: it keeps its connections and answers nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import redis


def find_postgresql_pid(url: str) -> int:
    """Of a server started by `tests.servers`, which listens in its own folder."""
    folder = Path(unquote(urlsplit(url).netloc.rpartition("@")[2].partition(":")[0]))
    return int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])


def find_redis_pid(url: str) -> int:
    with redis.Redis.from_url(url) as connection:
        return int(connection.info("server")["process_id"])


def list_family(pid: int) -> list[int]:
    """The process and its descendants. One that has ended meanwhile has none."""
    with suppress(FileNotFoundError, ProcessLookupError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(one for child in children for one in list_family(int(child)))]
    return []


def send_signal(family: list[int], number: signal.Signals) -> None:
    """The server that goes on first may end a child before it has its own signal."""
    for one in family:
        with suppress(ProcessLookupError):
            os.kill(one, number)


@contextmanager
def freeze(pid: int) -> Iterator[None]:
    family = list_family(pid)
    send_signal(family, signal.SIGSTOP)
    try:
        yield
    finally:
        send_signal(family, signal.SIGCONT)
