"""Failing on demand."""

from __future__ import annotations

from typing import Any

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.faults import ConnectionCut

from .reach import call

RUNS = "GET /v1/loops/runs"


def statuses(simulator: Simulator, route: str, times: int) -> list[int]:
    return [call(simulator, route).status_code for _ in range(times)]


def test_it_fails_as_often_as_told(either: Simulator) -> None:
    either.fail(RUNS, "status", status=503, count=2)
    assert statuses(either, RUNS, 3) == [503, 503, 200]


def test_it_fails_until_healed(either: Simulator) -> None:
    either.fail(RUNS, "status", status=500, count=None)
    assert statuses(either, RUNS, 5) == [500] * 5
    either.heal()
    assert statuses(either, RUNS, 1) == [200]


def test_the_first_fault_comes_first(either: Simulator) -> None:
    either.fail(RUNS, "status", status=500)
    either.fail(RUNS, "status", status=502)
    assert statuses(either, RUNS, 3) == [500, 502, 200]


@pytest.mark.parametrize(
    "named",
    [
        "GET /v1/loops/deployments/{deployment_id}",
        "GET /v1/loops/deployments/d",
        "GET *",
        "*",
    ],
)
def test_a_route_is_named_by_template_path_method_or_star(either: Simulator, named: str) -> None:
    either.world.add_deployment(id="d")
    either.fail(named, "status", status=500)
    assert statuses(either, "POST /v1/loops/sessions", 1) == [500 if named == "*" else 200]
    assert statuses(either, "GET /v1/loops/deployments/d", 2) == [200 if named == "*" else 500, 200]


@pytest.mark.parametrize(
    ("body", "text", "kind"),
    [
        (None, '{"message":"Simulated."}', "application/json"),
        ({"error": {"nested": 1}}, '{"error":{"nested":1}}', "application/json"),
        ("down for maintenance", "down for maintenance", "text/plain; charset=utf-8"),
        ("", "", "text/plain; charset=utf-8"),
    ],
)
def test_a_status_has_a_body_of_its_own(either: Simulator, body: Any, text: str, kind: str) -> None:
    either.fail(RUNS, "status", status=418, body=body)
    response = call(either, RUNS)
    assert (response.status_code, response.text, response.headers["content-type"]) == (
        418,
        text,
        kind,
    )


def test_a_redirect_can_be_pretended(either: Simulator) -> None:
    either.fail(RUNS, "status", status=302, headers={"Location": "https://evil.example/"})
    response = call(either, RUNS)
    assert (response.status_code, response.headers["location"]) == (302, "https://evil.example/")


def test_a_rate_limit_says_how_long_to_wait(either: Simulator) -> None:
    either.fail(RUNS, "rate_limit", retry_after=7)
    response = call(either, RUNS)
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert response.json() == {"error": "Rate limit exceeded.", "retry_after": 7}


def test_a_proxy_answers_in_html(either: Simulator) -> None:
    either.fail(RUNS, "html")
    either.fail(RUNS, "html", status=200)
    first, second = call(either, RUNS), call(either, RUNS)
    assert (first.status_code, second.status_code) == (502, 200)
    assert first.headers["content-type"] == "text/html; charset=utf-8"
    assert first.text.startswith("<!DOCTYPE html>")


def test_a_truncated_answer_looks_whole(either: Simulator) -> None:
    whole = call(either, RUNS).content
    either.fail(RUNS, "truncated")
    cut = call(either, RUNS)
    assert (cut.status_code, cut.content) == (200, whole[: len(whole) // 2])
    assert cut.headers["content-length"] == str(len(whole) // 2)


def test_an_empty_answer_has_no_body(either: Simulator) -> None:
    either.fail(RUNS, "empty")
    response = call(either, RUNS)
    assert (response.status_code, response.content) == (200, b"")


def test_a_reset_raises_in_the_middle(either: Simulator) -> None:
    either.fail(RUNS, "reset")
    with pytest.raises(ConnectionCut):
        call(either, RUNS)
    assert call(either, RUNS).status_code == 200


def test_slowness_moves_the_clock_instead_of_sleeping(either: Simulator) -> None:
    before = either.world.now
    either.fail(RUNS, "slow", seconds=9)
    assert call(either, RUNS).status_code == 200
    assert (either.world.now - before).total_seconds() == 9


def test_slowness_is_bounded() -> None:
    slept: list[float] = []
    sim = Simulator(sleep=slept.append)
    sim.fail("*", "slow", seconds=10_000)
    call(sim, RUNS)
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
def test_some_requests_are_carried_out_though_the_answer_is_lost(
    either: Simulator, mode: str, carried_out: bool
) -> None:
    deployment = either.world.add_deployment(id="d")
    either.fail("*", mode)
    call(either, "POST /v1/loops/deployments/d/deactivate")
    assert (deployment.status == "STOPPED") == carried_out


def test_an_unknown_mode_is_refused(either: Simulator) -> None:
    with pytest.raises(ValueError, match="mode must be one of"):
        either.fail("*", "explode")
