"""A time by which a whole call is over, however slowly the other side drips its bytes.

A read timeout starts anew with every byte, so a server that sends one byte every few seconds
would hold a worker for days. The network backend here gives each socket operation what is left
of the call's time instead.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

from loopsweb.loops_api.addresses import is_never_asked

Clock = Callable[[], float]


class Deadline:
    """`seconds` from now, on a monotonic clock."""

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._over_at = clock() + seconds

    def left(self) -> float:
        return self._over_at - self._clock()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Hold this thread's socket operations to the deadline."""
        token = _applied.set(self)
        try:
            yield
        finally:
            _applied.reset(token)


_applied: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def _allowed(timeout: float | None, over: type[Exception]) -> float | None:
    if (deadline := _applied.get()) is None:
        return timeout
    if (left := deadline.left()) <= 0:
        raise over("the time for the whole call is over")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _allowed(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _allowed(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        allowed = _allowed(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, allowed))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class DeadlineBackend(httpcore.SyncBackend):
    """TCP connections whose every operation keeps to the deadline in force, and that lead nowhere
    that only this machine can reach: see addresses.is_never_asked."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        allowed = _allowed(timeout, httpcore.ConnectTimeout)
        stream = super().connect_tcp(host, port, allowed, local_address, socket_options)
        where = str(stream.get_extra_info("server_addr")[0])
        if is_never_asked(where, host=host):  # before a byte is sent, whatever the name resolved to
            stream.close()
            raise httpcore.ConnectError(f"{host} is {where}, which no API is at")
        return _Stream(stream)
