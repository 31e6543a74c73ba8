"""A deadline for a whole call, however slowly the server sends.

A read timeout starts anew with every byte, so a server that sends one byte every few seconds
could block a worker for days. The network backend here limits each socket operation to the time
that is left for the call.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

from loopsweb.loops_api.ip_filter import is_blocked

Clock = Callable[[], float]


class Deadline:
    """A point in time `seconds` from now, on a monotonic clock."""

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._ends_at = clock() + seconds

    @classmethod
    def within_current(cls, seconds: float) -> Deadline:
        """`seconds` from now, or the current deadline if that is sooner."""
        outer = _current.get()
        return cls(seconds if outer is None else min(seconds, outer.left()))

    def left(self) -> float:
        """The seconds left; negative after the deadline."""
        return self._ends_at - self._clock()

    @contextmanager
    def apply(self) -> Iterator[None]:
        """Apply the deadline to the calls and socket operations of the current context."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def _limit_timeout(timeout: float | None, error: type[Exception]) -> float | None:
    if (deadline := _current.get()) is None:
        return timeout
    if (left := deadline.left()) <= 0:
        raise error("the deadline of the call has passed")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _limit_timeout(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _limit_timeout(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        allowed = _limit_timeout(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, allowed))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class DeadlineBackend(httpcore.SyncBackend):
    """TCP connections that keep to the current deadline and never reach a blocked IP address.

    See ip_filter.is_blocked.
    """

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        allowed = _limit_timeout(timeout, httpcore.ConnectTimeout)
        stream = super().connect_tcp(host, port, allowed, local_address, socket_options)
        ip = str(stream.get_extra_info("server_addr")[0])
        if is_blocked(ip, host=host):  # before a byte is sent
            stream.close()
            raise httpcore.ConnectError(f"{host} resolves to {ip}, which is blocked")
        return _Stream(stream)
