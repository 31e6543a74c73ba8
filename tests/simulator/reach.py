"""Reaching a simulator without a socket."""

from __future__ import annotations

from typing import Any

import httpx

from loopsweb.simulator import Simulator

HOST = "http://api.test"


def client(simulator: Simulator, key: str | None = "demo-org-key") -> httpx.Client:
    headers = {} if key is None else {"Authorization": f"Api-Key {key}"}
    transport = httpx.WSGITransport(app=simulator)
    return httpx.Client(transport=transport, base_url=HOST, headers=headers)


def call(
    simulator: Simulator,
    route: str,
    body: Any = None,
    *,
    key: str | None = "demo-org-key",
) -> httpx.Response:
    """One request: `route` is a method and a path with its query."""
    method, path = route.split(" ", 1)
    with client(simulator, key) as http:
        return http.request(method, path, **({} if body is None else {"json": body}))
