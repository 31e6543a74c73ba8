"""Faults: failures on demand."""

from __future__ import annotations

from typing import Any

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.faults import ConnectionCut
from tests.simulator.http_calls import send_request

RUNS = "GET /v1/loops/runs"


def get_statuses(simulator: Simulator, route: str, times: int) -> list[int]:
    return [send_request(simulator, route).status_code for _ in range(times)]


def test_a_fault_has_a_count(either: Simulator) -> None:
    either.add_fault(RUNS, "status", status=503, count=2)
    assert get_statuses(either, RUNS, 3) == [503, 503, 200]


def test_a_fault_without_a_count_stays_until_cleared(either: Simulator) -> None:
    either.add_fault(RUNS, "status", status=500, count=None)
    assert get_statuses(either, RUNS, 5) == [500] * 5
    either.clear_faults()
    assert get_statuses(either, RUNS, 1) == [200]


def test_the_oldest_fault_is_used_first(either: Simulator) -> None:
    either.add_fault(RUNS, "status", status=500)
    either.add_fault(RUNS, "status", status=502)
    assert get_statuses(either, RUNS, 3) == [500, 502, 200]


@pytest.mark.parametrize(
    "named",
    [
        "GET /v1/loops/deployments/{deployment_id}",
        "GET /v1/loops/deployments/d",
        "GET *",
        "*",
    ],
)
def test_a_fault_matches_template_path_method_or_star(either: Simulator, named: str) -> None:
    either.world.add_deployment(id="d")
    either.add_fault(named, "status", status=500)
    assert get_statuses(either, "POST /v1/loops/sessions", 1) == [500 if named == "*" else 200]
    assert get_statuses(either, "GET /v1/loops/deployments/d", 2) == [
        200 if named == "*" else 500,
        200,
    ]


@pytest.mark.parametrize(
    ("body", "text", "kind"),
    [
        (None, '{"message":"Simulated."}', "application/json"),
        ({"error": {"nested": 1}}, '{"error":{"nested":1}}', "application/json"),
        ("down for maintenance", "down for maintenance", "text/plain; charset=utf-8"),
        ("", "", "text/plain; charset=utf-8"),
    ],
)
def test_a_status_fault_has_a_body(either: Simulator, body: Any, text: str, kind: str) -> None:
    either.add_fault(RUNS, "status", status=418, body=body)
    response = send_request(either, RUNS)
    assert (response.status_code, response.text, response.headers["content-type"]) == (
        418,
        text,
        kind,
    )


def test_a_status_fault_can_redirect(either: Simulator) -> None:
    either.add_fault(RUNS, "status", status=302, headers={"Location": "https://evil.example/"})
    response = send_request(either, RUNS)
    assert (response.status_code, response.headers["location"]) == (302, "https://evil.example/")


def test_a_rate_limit_has_retry_after(either: Simulator) -> None:
    either.add_fault(RUNS, "rate_limit", retry_after=7)
    response = send_request(either, RUNS)
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert response.json() == {"error": "Rate limit exceeded.", "retry_after": 7}


def test_an_html_fault_is_a_proxy_page(either: Simulator) -> None:
    either.add_fault(RUNS, "html")
    either.add_fault(RUNS, "html", status=200)
    first, second = send_request(either, RUNS), send_request(either, RUNS)
    assert (first.status_code, second.status_code) == (502, 200)
    assert first.headers["content-type"] == "text/html; charset=utf-8"
    assert first.text.startswith("<!DOCTYPE html>")


def test_a_truncated_response_has_its_own_length(either: Simulator) -> None:
    whole = send_request(either, RUNS).content
    either.add_fault(RUNS, "truncated")
    cut = send_request(either, RUNS)
    assert (cut.status_code, cut.content) == (200, whole[: len(whole) // 2])
    assert cut.headers["content-length"] == str(len(whole) // 2)


def test_an_empty_fault_has_no_body(either: Simulator) -> None:
    either.add_fault(RUNS, "empty")
    response = send_request(either, RUNS)
    assert (response.status_code, response.content) == (200, b"")


def test_a_reset_raises_within_the_body(either: Simulator) -> None:
    either.add_fault(RUNS, "reset")
    with pytest.raises(ConnectionCut):
        send_request(either, RUNS)
    assert send_request(either, RUNS).status_code == 200


def test_a_slow_fault_advances_the_clock(either: Simulator) -> None:
    before = either.world.now
    either.add_fault(RUNS, "slow", seconds=9)
    assert send_request(either, RUNS).status_code == 200
    assert (either.world.now - before).total_seconds() == 9


def test_delays_are_limited() -> None:
    slept: list[float] = []
    sim = Simulator(sleep=slept.append)
    sim.add_fault("*", "slow", seconds=10_000)
    send_request(sim, RUNS)
    assert slept == [60]


@pytest.mark.parametrize(
    ("mode", "carried_out"),
    [
        ("status", False),
        ("rate_limit", False),
        ("html", False),
        ("slow", True),
        ("truncated", True),
        ("empty", True),
    ],
)
def test_some_faults_let_the_request_be_handled(
    either: Simulator, mode: str, carried_out: bool
) -> None:
    deployment = either.world.add_deployment(id="d")
    either.add_fault("*", mode)
    send_request(either, "POST /v1/loops/deployments/d/deactivate")
    assert (deployment.status == "STOPPED") == carried_out


def test_an_unknown_mode_is_refused(either: Simulator) -> None:
    with pytest.raises(ValueError, match="mode must be one of"):
        either.add_fault("*", "explode")
