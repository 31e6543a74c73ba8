"""What a deployment says and uses over time, made up from its id: the same for the same moment."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from .entities import Deployment

SECONDS_PER_LINE = 5
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LEVEL_OF_KIND: dict[int, str | None] = {
    **dict.fromkeys(range(8), "DEBUG"),
    **dict.fromkeys((8, 9), "WARNING"),
    **dict.fromkeys((10, 11)),
}
Wanted = Callable[[str | None], bool]
LAST_WORDS = {
    "STOPPED": ("INFO", "Received shutdown signal, saving nothing, exiting."),
    "PREEMPTED": ("WARNING", "Node is being reclaimed: the trainer is preempted."),
    "FAILED": (
        "ERROR",
        (
            "CUDA out of memory. Tried to allocate 12.50 GiB.\nTraceback (most recent call last):\n"
            '  File "/app/trainer/worker.py", line 412, in forward_backward\n'
            "torch.OutOfMemoryError: CUDA out of memory."
        ),
    ),
}


def noise(deployment: Deployment, word: object) -> float:
    """A number from 0 up to 1 that depends on nothing but the deployment and the word."""
    return zlib.crc32(f"{deployment.id}/{word}".encode()) / 2**32


def last_moment(deployment: Deployment, now: datetime) -> datetime:
    """Until when it had something to say."""
    return deployment.ended_at or deployment.idle_since or now


def loss(deployment: Deployment, at: float) -> float:
    """A training loss that falls with the age of the deployment."""
    age = max(at - deployment.created_at.timestamp(), 0)
    return 0.42 + 1.6 * math.exp(-age / 5400) + 0.06 * noise(deployment, int(at))


def level_of(kind: int) -> str | None:
    """How severe the lines of this kind are, of a hundred kinds."""
    return LEVEL_OF_KIND.get(kind, "INFO")


def message(deployment: Deployment, slot: int, kind: int) -> str:
    """What is said in a five-second slot of the epoch."""
    match level_of(kind):
        case "DEBUG":
            return f"prefetch queue depth {kind}"
        case "WARNING":
            return f"gradient norm 1.{kind} above 1.00: clipped"
        case None:
            return "NCCL INFO comm 0x55d0 rank 0 nranks 8 - Init COMPLETE"
        case _:
            falling = loss(deployment, slot * SECONDS_PER_LINE)
            speed = 38_000 + 6_000 * noise(deployment, f"speed {slot // 12}")
            return f"step {slot % 100_000} loss {falling:.4f} tokens/s {speed:.0f}"


def log_line(
    deployment: Deployment, at: float, message: str, level: str | None, *, request: bool = False
) -> dict[str, Any]:
    """A line as the API has it: epoch nanoseconds as a string."""
    replica = int(noise(deployment, at) * deployment.node_count)
    return {
        "timestamp": str(int(at * 1000) * 1_000_000),
        "message": message,
        "replica": f"{deployment.id}-{replica}",
        "request_id": f"{zlib.crc32(message.encode()):08x}" if request else None,
        "level": level,
    }


def lines(
    deployment: Deployment,
    start: datetime,
    end: datetime,
    now: datetime,
    wanted: Wanted,
    *,
    ascending: bool,
) -> Iterator[dict[str, Any]]:
    """Its lines of the wanted levels from `start` to `end`, newest first unless `ascending`."""
    first = max(start, deployment.created_at).timestamp()
    until = min(end, last_moment(deployment, now)).timestamp()
    slots = range(math.ceil(first / SECONDS_PER_LINE), int(until // SECONDS_PER_LINE) + 1)
    last = list(last_words(deployment, start, end, wanted))
    if not ascending:
        yield from last
    for slot in slots if ascending else reversed(slots):
        kind = int(100 * noise(deployment, slot))
        if wanted(level_of(kind)):
            at = slot * SECONDS_PER_LINE
            said = message(deployment, slot, kind)
            yield log_line(deployment, at, said, level_of(kind), request=kind % 3 == 0)
    if ascending:
        yield from last


def last_words(
    deployment: Deployment, start: datetime, end: datetime, wanted: Wanted
) -> Iterator[dict[str, Any]]:
    """What it said as it ended, if that was in the window."""
    level, said = LAST_WORDS.get(deployment.status, ("INFO", "Exited."))
    ended = deployment.ended_at
    if ended is not None and start <= ended <= end and wanted(level):
        yield log_line(deployment, ended.timestamp(), said, level)
