"""The simulator's own routes, and the requests it records."""

from __future__ import annotations

from typing import Any

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.http_messages import Request
from tests.simulator.http_calls import send_request


def test_requests_are_recorded(either: Simulator) -> None:
    send_request(either, "GET /v1/loops/runs?run_id=a%20b")
    send_request(either, "POST /v1/loops/sessions", {"training_project_id": "p"}, key="canary")
    first, second = either.requests
    assert (first.method, first.path, first.query) == ("GET", "/v1/loops/runs", {"run_id": "a b"})
    assert first.headers["authorization"] == "Api-Key demo-org-key"
    assert (second.headers["authorization"], second.parse_body()) == (
        "Api-Key canary",
        {"training_project_id": "p"},
    )


def test_recorded_requests_are_listed(either: Simulator) -> None:
    send_request(either, "POST /v1/loops/sessions", {}, key="canary")
    (recorded,) = send_request(either, "GET /_simulator/requests", key=None).json()["requests"]
    assert (recorded["method"], recorded["path"], recorded["query"], recorded["body"]) == (
        "POST",
        "/v1/loops/sessions",
        {},
        "{}",
    )
    assert recorded["headers"]["authorization"] == "Api-Key canary"


def test_the_latest_requests_are_kept(either: Simulator) -> None:
    filler = Request("GET", "/", "", {}, b"")
    either.requests.extend([filler] * 20_000)
    send_request(either, "GET /v1/loops/runs")
    assert len(either.requests) == 10_000
    assert either.requests[-1].path == "/v1/loops/runs"


def test_a_fault_is_added_over_http(either: Simulator) -> None:
    body = {"route": "GET /v1/loops/runs", "mode": "rate_limit", "retry_after": 3, "count": 2}
    assert send_request(either, "POST /_simulator/faults", body, key=None).json() == {"waiting": 1}
    assert send_request(either, "GET /v1/loops/runs").json()["retry_after"] == 3


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"route": "*"},
        {"mode": "html"},
        {"route": "*", "mode": "explode"},
        {"route": "*", "mode": "html", "unknown": 1},
        {"route": "*", "mode": "slow", "seconds": "long"},
        {"route": "*", "mode": "status", "status": None},
    ],
)
def test_an_invalid_fault_is_400(either: Simulator, body: Any) -> None:
    assert send_request(either, "POST /_simulator/faults", body).status_code == 400
    assert either.faults.pending == []


def test_the_clock_is_advanced_over_http(either: Simulator) -> None:
    answered = send_request(either, "POST /_simulator/advance", {"seconds": 90.5}).json()
    assert answered == {"now": "2026-05-07T10:01:30.500000Z"}


@pytest.mark.parametrize("body", [{}, {"seconds": -1}, {"seconds": "1"}, {"seconds": True}])
def test_an_invalid_advance_is_400(either: Simulator, body: Any) -> None:
    assert send_request(either, "POST /_simulator/advance", body).status_code == 400


def test_the_world_is_reset_over_http(either: Simulator) -> None:
    either.advance(90)
    either.world.clear()
    assert send_request(either, "POST /_simulator/reset").json() == {"now": "2026-05-07T10:00:00Z"}
    assert len(either.world.runs) == 12


def test_an_unknown_command_is_404(either: Simulator) -> None:
    assert send_request(either, "GET /_simulator/faults").status_code == 404
