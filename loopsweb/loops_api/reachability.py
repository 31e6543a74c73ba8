"""Whether an API can be reached at all, asked without a key."""

from __future__ import annotations

import httpx

from loopsweb.loops_api import http_client
from loopsweb.loops_api.request_urls import build_url, parse_base_url


def explain_unreachable(base_url: str, *, seconds: float) -> str:
    """The kind of failure; "" if any answer came, such as that a key is missing."""
    url = build_url(parse_base_url(base_url), "/v1/loops/runs", (), {})
    try:
        with http_client.get_http_client().stream("GET", url, timeout=seconds):
            return ""
    except (httpx.HTTPError, OSError) as error:
        return type(error).__name__
