"""Whether an API can be reached at all, asked without a key."""

from __future__ import annotations

from contextlib import closing

import httpx

from loopsweb.loops_api import connection_pool
from loopsweb.loops_api.deadline import Deadline
from loopsweb.loops_api.request_urls import build_url, parse_base_url


def explain_unreachable(base_url: str, *, seconds: float) -> str:
    """The kind of failure; "" if any answer came, such as that a key is missing."""
    request = httpx.Request("GET", build_url(parse_base_url(base_url), "/v1/loops/runs", (), {}))
    http = connection_pool.get_shared_pool()
    try:
        with Deadline(seconds).apply(), closing(http.handle_request(request)):
            return ""
    except (httpx.HTTPError, OSError) as error:
        return type(error).__name__
