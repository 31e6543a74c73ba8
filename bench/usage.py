"""CPU and memory of processes and of all that they started."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.db import connection
from django_redis import get_redis_connection

TICKS = os.sysconf("SC_CLK_TCK")


def list_tree(root: int) -> list[int]:
    """The process and its descendants that are there."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        fields = read_stat(int(path.name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(path.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def read_stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from its state on; none if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def read_cpu(*roots: int) -> float:
    """CPU seconds of these processes and their descendants, those that have ended included."""
    ticks = 0
    for root in roots:
        for pid in list_tree(root):
            ticks += sum(map(int, read_stat(pid)[11:15]))
    return ticks / TICKS


def read_memory(*roots: int) -> int:
    """Bytes of memory of the processes and their descendants: what several share counts once."""
    return sum(read_kilobytes(pid, "Pss") for root in roots for pid in list_tree(root)) * 1024


def read_peak(*roots: int) -> int:
    """Bytes that they had at most, each at its own time."""
    trees = (list_tree(root) for root in roots)
    return sum(read_kilobytes(pid, "VmHWM", file="status") for tree in trees for pid in tree) * 1024


def read_kilobytes(pid: int, name: str, *, file: str = "smaps_rollup") -> int:
    """0 if the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def list_servers() -> list[int]:
    """The first process of PostgreSQL and that of Redis, where there are any."""
    if settings.SINGLE_PROCESS:
        return []
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    redis = get_redis_connection("default").info("server")["process_id"]
    return [int(read_stat(backend)[1]), int(redis)]


def read_busy() -> float:
    """Seconds that all cores of the machine have worked so far."""
    user, nice, system, _idle, _waiting, *rest = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + sum(rest)) / TICKS
