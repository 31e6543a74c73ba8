"""Faults: ways to make the API fail on demand.

mode         what the client receives                                 is the request handled?
status       `status` with `body` (text, or JSON of anything else)     no
rate_limit   429 with `retry_after` seconds in body and header         no
html         a proxy's page, with `status` (default 502)               no
slow         the right response after `seconds`                          yes
reset        the connection cut in the middle of the right response    yes
truncated    the first half of the right response, as if complete      yes
empty        the right status without a body                           yes
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from loopsweb.simulator.http_messages import Response, encode_json

MODES = ("status", "rate_limit", "html", "slow", "reset", "truncated", "empty")
MAX_DELAY_SECONDS = 60.0
TEXT_TYPE = "text/plain; charset=utf-8"
HTML_PAGE = (
    b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>502</h1></body></html>"
)


class ConnectionCut(ConnectionResetError):
    """Raised by a response body that ends before its Content-Length."""


@dataclass
class Fault:
    """Fails `count` requests to `route` ("GET /v1/loops/runs", a literal path, or "*")."""

    route: str
    mode: str
    count: int | None = 1
    status: int = 503
    body: Any = None
    retry_after: float = 1
    seconds: float = 1.0
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}.")


class Faults:
    """The pending faults. The oldest that matches is used first."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []

    def take_fault(self, method: str, path: str, route: str | None) -> Fault | None:
        """The fault for this request, counted down. `route` is the template it matched."""
        names = ("*", f"{method} {path}", f"{method} *", route)
        for fault in self.pending:
            if fault.route in names:
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self.pending.remove(fault)
                return fault
        return None


def build_fault_response(fault: Fault) -> Response | None:
    """The response of a fault that prevents the request from being handled, else None."""
    if fault.mode == "status":
        headers = list(fault.headers.items())
        if isinstance(fault.body, str):
            return Response(fault.status, fault.body.encode(), TEXT_TYPE, headers)
        body = {"message": "Simulated."} if fault.body is None else fault.body
        return Response(fault.status, encode_json(body), headers=headers)
    if fault.mode == "rate_limit":
        after = fault.retry_after
        seconds = encode_json({"error": "Rate limit exceeded.", "retry_after": after})
        return Response(429, seconds, headers=[("Retry-After", f"{after:g}")])
    if fault.mode == "html":
        status = 502 if fault.status == Fault.status else fault.status
        return Response(status, HTML_PAGE, "text/html; charset=utf-8")
    return None


def damage_response(fault: Fault, response: Response, sleep: Callable[[float], None]) -> Response:
    """Delay or damage the response that the API would have given. Delays are at most 60 seconds."""
    if fault.mode == "slow":
        sleep(min(fault.seconds, MAX_DELAY_SECONDS))
        return response
    if fault.mode == "empty":
        return replace(response, body=b"")
    half = response.body[: len(response.body) // 2]
    if fault.mode == "truncated":
        return replace(response, body=half)
    return replace(response, chunks=_cut_connection(half), length=len(response.body))


def _cut_connection(half: bytes) -> Iterator[bytes]:
    yield half
    raise ConnectionCut("The simulated connection was cut.")
