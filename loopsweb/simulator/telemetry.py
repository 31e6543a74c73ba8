"""What a deployment says and uses over time, made up from its id: the same for the same moment."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from .things import Deployment

SECONDS_PER_LINE = 5
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
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


def line(deployment: Deployment, slot: int) -> dict[str, Any]:
    """The log line of a five-second slot of the epoch."""
    at = slot * SECONDS_PER_LINE
    kind = int(100 * noise(deployment, slot))
    speed = 38_000 + 6_000 * noise(deployment, f"speed {slot // 12}")
    progress = f"step {slot % 100_000} loss {loss(deployment, at):.4f} tokens/s {speed:.0f}"
    odd = {
        **dict.fromkeys(range(8), ("DEBUG", f"prefetch queue depth {kind}")),
        **dict.fromkeys((8, 9), ("WARNING", f"gradient norm 1.{kind} above 1.00: clipped")),
        **dict.fromkeys((10, 11), (None, "NCCL INFO comm 0x55d0 rank 0 nranks 8 - Init COMPLETE")),
    }
    level, message = odd.get(kind, ("INFO", progress))
    return log_line(deployment, at, message, level, request=kind % 3 == 0)


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
    deployment: Deployment, start: datetime, end: datetime, now: datetime
) -> Iterator[dict[str, Any]]:
    """Its lines from `start` to `end`, newest first."""
    last = last_moment(deployment, now)
    first = max(start, deployment.created_at).timestamp()
    until = min(end, last).timestamp()
    if deployment.ended_at is not None and start <= deployment.ended_at <= end:
        level, message = LAST_WORDS.get(deployment.status, ("INFO", "Exited."))
        yield log_line(deployment, deployment.ended_at.timestamp(), message, level)
    for slot in range(int(until // SECONDS_PER_LINE), -1, -1):
        if slot * SECONDS_PER_LINE < first:
            return
        if slot * SECONDS_PER_LINE <= until:
            yield line(deployment, slot)
