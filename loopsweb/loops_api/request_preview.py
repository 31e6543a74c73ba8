"""The request that a call of the client would send, without sending it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from loopsweb.loops_api.client import Client, Generation
from loopsweb.loops_api.request_limits import Limits

_NO_KEY = "none"
_LIMITS = Limits(attempts=1, requests_per_second=1_000_000)


@dataclass(frozen=True)
class RequestPreview:
    """body: the JSON that it would send, None for none. It holds no key."""

    method: str
    url: str
    body: Any = None


class _WouldBeSent(Exception):
    def __init__(self, request: httpx.Request) -> None:
        super().__init__()
        self.request = request


def preview_request(
    call: Callable[[Client], object], *, base_url: str, generation: Generation = "auto"
) -> RequestPreview:
    """The first request of `call`. Raises ValueError for what cannot be sent."""

    def stop(request: httpx.Request) -> httpx.Response:
        raise _WouldBeSent(request)

    http = httpx.MockTransport(stop)
    client = Client(
        base_url=base_url, key=_NO_KEY, generation=generation, http=http, limits=_LIMITS
    )
    try:
        call(client)
    except _WouldBeSent as stopped:
        request = stopped.request
    else:
        raise ValueError("This call sends no request.")
    body = msgspec.json.decode(request.content) if request.content else None
    return RequestPreview(request.method, str(request.url), body)
