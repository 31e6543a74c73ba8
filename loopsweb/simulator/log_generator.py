"""The logs of a deployment or sampler, derived from its ID: the same for the same window."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from loopsweb.simulator.entities import Deployment, Sampler

SECONDS_PER_LINE = 5
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LEVEL_OF_KIND: dict[int, str | None] = {
    **dict.fromkeys(range(8), "DEBUG"),
    **dict.fromkeys((8, 9), "WARNING"),
    **dict.fromkeys((10, 11)),
}
LevelFilter = Callable[[str | None], bool]
Logger = Deployment | Sampler
FINAL_MESSAGES = {
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


def hash_to_fraction(logger: Logger, salt: object) -> float:
    """A number from 0 to below 1 that depends on its ID and `salt` only."""
    return zlib.crc32(f"{logger.id}/{salt}".encode()) / 2**32


def get_last_active(logger: Logger, now: datetime) -> datetime:
    """The time when it last logged or used anything."""
    return logger.ended_at or logger.idle_since or now


def compute_loss(logger: Logger, at: float) -> float:
    """A training loss that falls with the deployment's age. `at` is in seconds since 1970."""
    age = max(at - logger.created_at.timestamp(), 0)
    return 0.42 + 1.6 * math.exp(-age / 5400) + 0.06 * hash_to_fraction(logger, int(at))


def get_level(kind: int) -> str | None:
    """The level of lines of this kind, which is 0 to 99."""
    return LEVEL_OF_KIND.get(kind, "INFO")


def compose_message(logger: Logger, slot: int, kind: int) -> str:
    """The message of a five-second slot, counted since 1970."""
    match get_level(kind):
        case "DEBUG":
            return f"prefetch queue depth {kind}"
        case "WARNING" if isinstance(logger, Sampler):
            return f"a request waited 1.{kind} s in the queue"
        case "WARNING":
            return f"gradient norm 1.{kind} above 1.00: clipped"
        case None:
            return "NCCL INFO comm 0x55d0 rank 0 nranks 8 - Init COMPLETE"
        case _ if isinstance(logger, Sampler):
            seconds = 0.2 + hash_to_fraction(logger, slot)
            return f"POST /v1/completions 200 in {seconds:.2f} s, {40 + 7 * kind} tokens"
        case _:
            falling = compute_loss(logger, slot * SECONDS_PER_LINE)
            speed = 38_000 + 6_000 * hash_to_fraction(logger, f"speed {slot // 12}")
            return f"step {slot % 100_000} loss {falling:.4f} tokens/s {speed:.0f}"


def build_log_line(
    logger: Logger, at: float, message: str, level: str | None, *, request: bool = False
) -> dict[str, Any]:
    """A log line as JSON. `at` is in seconds since 1970."""
    replica = int(hash_to_fraction(logger, at) * logger.node_count)
    return {
        "timestamp": str(int(at * 1000) * 1_000_000),
        "message": message,
        "replica": f"{logger.id}-{replica}",
        "request_id": f"{zlib.crc32(message.encode()):08x}" if request else None,
        "level": level,
    }


def generate_log_lines(
    logger: Logger,
    start: datetime,
    end: datetime,
    now: datetime,
    wanted: LevelFilter,
    *,
    ascending: bool,
) -> Iterator[dict[str, Any]]:
    """The lines from `start` to `end` whose level is `wanted`, newest first by default."""
    first = max(start, logger.created_at).timestamp()
    until = min(end, get_last_active(logger, now)).timestamp()
    slots = range(math.ceil(first / SECONDS_PER_LINE), int(until // SECONDS_PER_LINE) + 1)
    last = list(generate_final_lines(logger, start, end, wanted))
    if not ascending:
        yield from last
    for slot in slots if ascending else reversed(slots):
        kind = int(100 * hash_to_fraction(logger, slot))
        if wanted(get_level(kind)):
            at = slot * SECONDS_PER_LINE
            text = compose_message(logger, slot, kind)
            yield build_log_line(logger, at, text, get_level(kind), request=kind % 3 == 0)
    if ascending:
        yield from last


def generate_final_lines(
    logger: Logger, start: datetime, end: datetime, wanted: LevelFilter
) -> Iterator[dict[str, Any]]:
    """The line it logged when it ended, if that was in the window."""
    level, text = FINAL_MESSAGES.get(logger.status, ("INFO", "Exited."))
    ended = logger.ended_at
    if ended is not None and start <= ended <= end and wanted(level):
        yield build_log_line(logger, ended.timestamp(), text, level)
