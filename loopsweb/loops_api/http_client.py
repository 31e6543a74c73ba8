"""The one HTTP client of a process: one TLS context, one pool, no cookies, no proxies, no netrc."""

from __future__ import annotations

import functools
import logging
import os
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from loopsweb.loops_api.deadline import DeadlineBackend

_CONNECTIONS = 100
_KEPT_ALIVE = 20
_KEPT_ALIVE_SECONDS = 5.0

for _name in ("httpx", "httpcore"):  # they log whole URLs and headers; this package logs routes
    logging.getLogger(_name).setLevel(logging.WARNING)


class _Transport(httpx.HTTPTransport):
    """httpx's own, over connections that keep to the deadline of a call."""

    def __init__(self) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_KEPT_ALIVE,
            keepalive_expiry=_KEPT_ALIVE_SECONDS,
            network_backend=DeadlineBackend(),
        )


@functools.cache
def http() -> httpx.Client:
    """The shared client; a forked child makes its own."""
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(
        transport=_Transport(), cookies=no_cookies, trust_env=False, follow_redirects=False
    )


os.register_at_fork(after_in_child=http.cache_clear)
