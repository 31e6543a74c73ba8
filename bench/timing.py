"""Time spent on calls, in seconds of CPU: other processes on the machine change it least."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from django.db import connection

Call = Callable[[], object]


def read_cpu() -> float:
    """CPU seconds of this process so far, and of the process of PostgreSQL that serves it."""
    spent = time.process_time()
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        backend = connection.connection.info.backend_pid
        spent += int(Path(f"/proc/{backend}/schedstat").read_text().split()[0]) / 1e9
    return spent


def measure_medians(
    calls: Mapping[str, Call], *, rounds: int, budget: float = 20.0
) -> dict[str, float]:
    """Return the median CPU seconds of each call. Calls alternate, so that load affects all alike.

    budget: seconds after which no new round starts. Before several rounds, one is not counted.
    """
    spent: dict[str, list[float]] = {name: [] for name in calls}
    deadline = time.perf_counter() + budget
    for call in calls.values() if rounds > 1 else ():
        call()
    gc.collect()
    for _ in range(rounds):
        for name, call in calls.items():
            start = read_cpu()
            call()
            spent[name].append(read_cpu() - start)
        if time.perf_counter() > deadline:
            break
    return {name: statistics.median(times) for name, times in spent.items()}
