"""The simulator's clock, as its control routes show and move it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

Call = Callable[[str, str, str], Any]


class SimulatorClock:
    """call: makes a request from method, path and body, and returns the JSON of the answer.
    now: its time after the last move."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.now = datetime.min.replace(tzinfo=UTC)
        self.move(timedelta())

    def move(self, time: timedelta) -> None:
        """Move it on, and let everything happen that is due by then."""
        body = json.dumps({"seconds": max(time.total_seconds(), 0)})
        answer = self.call("POST", "/_simulator/advance", body)
        self.now = datetime.fromisoformat(answer["now"])

    def move_to(self, moment: datetime) -> None:
        self.move(moment - self.now)

    def list_status_changes(self) -> list[dict[str, Any]]:
        answer = self.call("GET", "/_simulator/status_changes", "")
        changes: list[dict[str, Any]] = answer["status_changes"]
        return changes


def connect_clock(url: str) -> SimulatorClock:
    """The clock of the simulator at this address."""
    return SimulatorClock(partial(call_json, urlsplit(url).netloc))


def call_json(address: str, method: str, path: str, body: str) -> Any:
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request(method, path, body)
        return json.load(connection.getresponse())
    finally:
        connection.close()
