"""Ways to fail on demand.

mode         what the client meets                                    is the request carried out?
status       `status` with `body` (text, or JSON of anything else)     no
rate_limit   429 with `retry_after` seconds in body and header         no
html         a proxy's page, with `status` (default 502)               no
slow         the right answer after `seconds`                          yes
reset        the connection cut in the middle of the right answer      yes
truncated    the first half of the right answer, as if it were whole   yes
empty        the right status without a body                           yes
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .exchange import Answer, dumps

MODES = ("status", "rate_limit", "html", "slow", "reset", "truncated", "empty")
LONGEST_SLOWNESS = 60.0
PAGE = (
    b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>502</h1></body></html>"
)


class ConnectionCut(ConnectionResetError):
    """Raised out of a body that was promised longer."""


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
    """Those still to come. The one set first wins."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def take(self, method: str, path: str, route: str | None) -> Fault | None:
        """The fault for this request, counted down; `route` is the template it matched."""
        names = ("*", f"{method} {path}", f"{method} *", route)
        for fault in self.waiting:
            if fault.route in names:
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self.waiting.remove(fault)
                return fault
        return None


def instead(fault: Fault) -> Answer | None:
    """The answer of a fault that keeps the request from being carried out."""
    if fault.mode == "status":
        body = fault.body
        text = isinstance(body, str)
        raw = body.encode() if text else dumps({"message": "Simulated."} if body is None else body)
        kind = "text/plain; charset=utf-8" if text else "application/json"
        return Answer(fault.status, raw, kind, list(fault.headers.items()))
    if fault.mode == "rate_limit":
        after = fault.retry_after
        seconds = dumps({"error": "Rate limit exceeded.", "retry_after": after})
        return Answer(429, seconds, headers=[("Retry-After", f"{after:g}")])
    if fault.mode == "html":
        status = 502 if fault.status == Fault.status else fault.status
        return Answer(status, PAGE, "text/html; charset=utf-8")
    return None


def spoiled(fault: Fault, answer: Answer, sleep: Callable[[float], None]) -> Answer:
    """The right answer, late or damaged."""
    if fault.mode == "slow":
        sleep(min(fault.seconds, LONGEST_SLOWNESS))
        return answer
    half = answer.body[: len(answer.body) // 2]
    if fault.mode == "truncated":
        return Answer(answer.status, half, answer.content_type, answer.headers)
    if fault.mode == "empty":
        return Answer(answer.status, b"", answer.content_type, answer.headers)
    return Answer(
        answer.status,
        content_type=answer.content_type,
        chunks=_cut(half),
        length=len(answer.body),
    )


def _cut(half: bytes) -> Iterator[bytes]:
    yield half
    raise ConnectionCut("The simulated connection was cut.")
