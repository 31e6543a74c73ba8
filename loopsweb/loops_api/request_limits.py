"""The time and size limits of requests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds, sizes in bytes.

    read, read_list: the longest wait for the next bytes of a response. Lists are slower.
    deadline, deadline_list: for a whole call, retries and waiting included.
    attempts: of a GET, the first one included. Other methods are never retried.
    retries_answers: False retries lost connections only; error responses and timeouts are raised.
    max_retry_after: a longer Retry-After is not waited for but raised as an error.
    max_response_bytes: decompressed. Parsing takes up to ten times as much memory.
    requests_per_second: per key and route, in this process.
    """

    connect: float = 3.0
    read: float = 10.0
    read_list: float = 30.0
    deadline: float = 45.0
    deadline_list: float = 120.0
    attempts: int = 3
    retries_answers: bool = True
    max_retry_after: float = 5.0
    max_response_bytes: int = 64 * 1024 * 1024
    requests_per_second: int = 100
