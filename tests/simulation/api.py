"""The simulated API as the processes reach it: every call is noted, and may be interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from loopsweb.simulator import Simulator
from tests.simulation.disruptions import Disruptions, Process


@dataclass(frozen=True)
class Call:
    """status, retry_after: of the answer. process: None for the calls of pages."""

    at: datetime
    process: Process | None
    secret: str
    method: str
    path: str
    status: int
    retry_after: float | None

    @property
    def target(self) -> str:
        """The id in the path of a deactivation, else ""."""
        return self.path.split("/")[-2] if self.path.endswith("/deactivate") else ""


class NotedApi:
    """The WSGI application. before_sending: called with the id of what a call would deactivate."""

    def __init__(
        self,
        simulator: Simulator,
        *,
        clock: Callable[[], datetime],
        disruptions: Disruptions,
        before_sending: Callable[[str], None],
        after_call: Callable[[Call], None],
    ) -> None:
        self.simulator, self.clock, self.disruptions = simulator, clock, disruptions
        self.before_sending, self.after_call = before_sending, after_call

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        at, path, method = self.clock(), environ["PATH_INFO"], environ["REQUEST_METHOD"]
        processes = self.disruptions.processes
        if path.endswith("/deactivate"):
            self.before_sending(path.split("/")[-2])

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            after = dict(headers).get("Retry-After")
            call = Call(
                at=at,
                process=processes[-1] if processes else None,
                secret=environ["HTTP_AUTHORIZATION"].split()[-1],
                method=method,
                path=path,
                status=int(status.split(maxsplit=1)[0]),
                retry_after=float(after) if after else None,
            )
            self.after_call(call)
            return start_response(status, headers, *rest)

        body = self.simulator(environ, start)
        self.disruptions.reach("call")
        return body
