"""The connections of a process to APIs: shared, and kept to the deadline of each call.

Requests are sent without a client of httpx: there are no cookies, redirects, proxies or netrc, and
a client takes a quarter of the time of a short request.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import httpcore
import httpx

from loopsweb.loops_api.deadline import DeadlineBackend

_MAX_CONNECTIONS = 100
_MAX_IDLE_CONNECTIONS = 20
_IDLE_SECONDS = 5.0

_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)

for _name in ("httpx", "httpcore"):  # they log whole URLs and headers; this package logs routes
    logging.getLogger(_name).setLevel(logging.WARNING)


class PooledTransport(httpx.BaseTransport):
    """Direct connections, verified by httpx's default certificates."""

    def __init__(self) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=_MAX_CONNECTIONS,
            max_keepalive_connections=_MAX_IDLE_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=DeadlineBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request. Raises httpx.TransportError."""
        url = request.url
        core_request = httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _httpx_errors():
            response = self._pool.handle_request(core_request)
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_BodyStream(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _BodyStream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


@contextmanager
def _httpx_errors() -> Iterator[None]:
    try:
        yield
    except _ERRORS as error:
        # httpx has errors of the same names. One that a later httpcore adds becomes its base.
        name = next(kind.__name__ for kind in type(error).__mro__ if hasattr(httpx, kind.__name__))
        raise getattr(httpx, name)(str(error)) from error


@functools.cache
def get_shared_pool() -> PooledTransport:
    """The connections of this process. A forked child process makes its own."""
    return PooledTransport()


os.register_at_fork(after_in_child=get_shared_pool.cache_clear)
