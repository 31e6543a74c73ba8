"""Every limit of the wire in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds, sizes in bytes.

    read, read_list: the longest silence while waiting for an answer. Lists are slower.
    deadline, deadline_list: a whole call, retries and waiting included.
    attempts: of a GET, the first one included. Nothing else is ever sent twice.
    longest_wait: a longer Retry-After is not waited for but handed to the caller.
    largest_answer: decompressed. Parsing it takes 28 to 40 times as much memory.
    requests_per_second: for one key on one route, in this process.
    """

    connect: float = 3.0
    read: float = 10.0
    read_list: float = 30.0
    deadline: float = 45.0
    deadline_list: float = 120.0
    attempts: int = 3
    longest_wait: float = 5.0
    largest_answer: int = 64 * 1024 * 1024
    requests_per_second: int = 100
