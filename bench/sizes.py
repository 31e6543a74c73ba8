from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """runs, checkpoints: of the organisation whose pages are measured. rows, few_rows: of the lists
    that are compared with each other. polled: runs that a poll reads. rounds: at most so many.
    load_seconds: for which pages are asked for at a time. keys: with which workers poll.
    waiting_keys, few_waiting_keys: of which none is due. growing_runs: of an organisation that is
    compared with one ten times as large. snapshot_runs: of a first snapshot, each with ten
    checkpoints. people: with open tabs while a soak lasts. changes: that somebody who
    watches a page waits for. busy_seconds: between polls meanwhile. tick_seconds: after which a
    worker looks for what is due."""

    runs: int = 10_000
    checkpoints: int = 100_000
    rows: int = 100_000
    few_rows: int = 1_000
    polled: int = 200
    rounds: int = 40
    load_seconds: float = 4.0
    keys: int = 400
    waiting_keys: int = 10_000
    few_waiting_keys: int = 100
    growing_runs: int = 100
    snapshot_runs: int = 10_000
    people: int = 100
    soak_seconds: float = 180
    changes: int = 20
    busy_seconds: float = 5
    tick_seconds: float = 1


TINY = Sizes(
    runs=60,
    checkpoints=120,
    rows=90,
    few_rows=60,
    polled=12,
    rounds=1,
    load_seconds=0.3,
    keys=2,
    waiting_keys=8,
    few_waiting_keys=4,
    growing_runs=3,
    snapshot_runs=5,
    people=3,
    soak_seconds=3,
    changes=1,
    busy_seconds=0.5,
    tick_seconds=0.1,
)
