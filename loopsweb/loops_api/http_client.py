"""The one HTTP client of a process: shared connections; no cookies, proxies or netrc."""

from __future__ import annotations

import functools
import logging
import os
from http.cookiejar import CookieJar
from typing import Any

import httpx

from loopsweb.loops_api.connection_pool import PooledTransport

for _name in ("httpx", "httpcore"):  # they log whole URLs and headers; this package logs routes
    logging.getLogger(_name).setLevel(logging.WARNING)


class NoCookies(CookieJar):
    def extract_cookies(self, response: Any, request: Any) -> None:
        """Keep none, and do not read them either: that takes a tenth of a request."""


@functools.cache
def get_http_client() -> httpx.Client:
    """The shared client. A forked child process makes its own."""
    return httpx.Client(
        transport=PooledTransport(), cookies=NoCookies(), trust_env=False, follow_redirects=False
    )


os.register_at_fork(after_in_child=get_http_client.cache_clear)
