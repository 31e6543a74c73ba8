from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping

Call = Callable[[], object]


def medians(calls: Mapping[str, Call], *, rounds: int, budget: float = 20.0) -> dict[str, float]:
    """Seconds of each call. They take turns, so that what slows the machine slows all alike."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    give_up = time.perf_counter() + budget
    for call in calls.values():
        call()
    gc.collect()
    for turn in range(rounds):
        for name, call in calls.items():
            begun = time.perf_counter()
            call()
            spent[name].append(time.perf_counter() - begun)
        if time.perf_counter() > give_up and turn:
            break
    return {name: statistics.median(times) for name, times in spent.items()}


def line(what: str, seconds: float, beside: str, seconds_beside: float) -> str:
    return (
        f"{what:44} {seconds * 1000:8.2f} ms   {beside:36} {seconds_beside * 1000:7.2f} ms   "
        f"{seconds / seconds_beside:5.1f} x"
    )
