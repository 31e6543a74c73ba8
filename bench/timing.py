from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping

Call = Callable[[], object]


def measure_medians(
    calls: Mapping[str, Call], *, rounds: int, budget: float = 20.0
) -> dict[str, float]:
    """Return the median seconds of each call. Calls alternate, so that load affects all alike.

    budget: seconds after which no new round starts.
    """
    spent: dict[str, list[float]] = {name: [] for name in calls}
    deadline = time.perf_counter() + budget
    for call in calls.values():
        call()
    gc.collect()
    for number in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            spent[name].append(time.perf_counter() - start)
        if time.perf_counter() > deadline and number:
            break
    return {name: statistics.median(times) for name, times in spent.items()}


def format_line(what: str, seconds: float, baseline: str, baseline_seconds: float) -> str:
    return (
        f"{what:44} {seconds * 1000:8.2f} ms   {baseline:36} {baseline_seconds * 1000:7.2f} ms   "
        f"{seconds / baseline_seconds:5.1f} x"
    )
