"""The logs of a deployment or sampler: the same for the same window."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from loopsweb.simulator.log_messages import (
    FINAL_MESSAGES,
    SECONDS_PER_LINE,
    Logger,
    compose_idleness,
    compose_save,
    compose_start,
    compose_work,
    get_level,
    hash_to_fraction,
)
from loopsweb.simulator.work_periods import WorkPeriods

SLOTS_PER_IDLE_LINE = 12
LevelFilter = Callable[[str | None], bool]


def get_last_active(logger: Logger, now: datetime) -> datetime:
    """The time until which it logged or used anything, if only the GPUs that it held."""
    is_scaled_down = logger.status == "SCALED_TO_ZERO"
    return logger.ended_at or (logger.idle_since if is_scaled_down else None) or now


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


def generate_slot(work: WorkPeriods, slot: int) -> Iterator[dict[str, Any]]:
    """The lines of five seconds, in order."""
    logger, at = work.machine, float(slot * SECONDS_PER_LINE)
    idle_since = work.find_idle_start(at)
    kind = int(100 * hash_to_fraction(logger, slot))
    if work.is_starting(at):
        yield build_log_line(logger, at, compose_start(logger, at), "INFO")
    elif idle_since is None:
        text = compose_work(logger, slot, kind)
        yield build_log_line(logger, at, text, get_level(kind), request=kind % 3 == 0)
    elif slot % SLOTS_PER_IDLE_LINE == 0:
        yield build_log_line(logger, at, compose_idleness(at - idle_since), "INFO")
    for checkpoint in work.find_saves(at, at + SECONDS_PER_LINE):
        for level, text in compose_save(checkpoint):
            yield build_log_line(logger, checkpoint.created_at.timestamp(), text, level)


def generate_log_lines(
    work: WorkPeriods,
    start: datetime,
    end: datetime,
    now: datetime,
    wanted: LevelFilter,
    *,
    ascending: bool,
) -> Iterator[dict[str, Any]]:
    """The lines from `start` to `end` whose level is `wanted`, newest first by default."""
    logger = work.machine
    first = max(start, logger.created_at).timestamp()
    until = min(end, get_last_active(logger, now)).timestamp()
    slots = range(math.ceil(first / SECONDS_PER_LINE), int(until // SECONDS_PER_LINE) + 1)
    last = list(generate_final_lines(logger, start, end, wanted))
    if not ascending:
        yield from last
    for slot in slots if ascending else reversed(slots):
        lines = [one for one in generate_slot(work, slot) if wanted(one["level"])]
        yield from lines if ascending else reversed(lines)
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
