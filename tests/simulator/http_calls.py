"""Requests to a simulator without a socket."""

from __future__ import annotations

from typing import Any

import httpx

from loopsweb.simulator import Simulator

HOST = "http://api.test"


def build_client(simulator: Simulator, key: str | None = "demo-org-key") -> httpx.Client:
    headers = {} if key is None else {"Authorization": f"Api-Key {key}"}
    transport = httpx.WSGITransport(app=simulator)
    return httpx.Client(transport=transport, base_url=HOST, headers=headers)


def send_request(
    simulator: Simulator,
    route: str,
    body: Any = None,
    *,
    key: str | None = "demo-org-key",
) -> httpx.Response:
    """Send one request. `route` is a method and a path with its query."""
    method, path = route.split(" ", 1)
    with build_client(simulator, key) as http:
        return http.request(method, path, **({} if body is None else {"json": body}))
