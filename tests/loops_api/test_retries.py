"""Retries: of which requests, how often, and after how long."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from loopsweb.loops_api import Client, Limits, errors
from loopsweb.loops_api.api_key import ApiKey
from loopsweb.loops_api.error_mapping import map_error_response
from loopsweb.loops_api.retries import choose_retry_wait
from tests.loops_api import documented_examples
from tests.loops_api.conftest import KEY
from tests.loops_api.scripted_server import ScriptedResponse, ScriptedServer

RUNS = "GET /v1/loops/runs"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_get_is_sent_three_times_at_most(
    client: Client, server: ScriptedServer, status: int
) -> None:
    server.set_responses(RUNS, ScriptedResponse(status))
    with pytest.raises(errors.StatusError) as caught:
        client.list_runs()
    assert (caught.value.status, server.routes) == (status, [RUNS] * 3)


def test_a_get_succeeds_after_a_retry(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        RUNS,
        ScriptedResponse(503),
        ScriptedResponse(429, b'{"retry_after": 1}'),
        documented_examples.RUNS,
    )
    assert [run.id for run in client.list_runs()] == ["k4q95w5"]


@pytest.mark.parametrize("status", [400, 401, 403, 409, 418])
def test_a_client_error_is_not_retried(client: Client, server: ScriptedServer, status: int) -> None:
    server.set_responses(RUNS, ScriptedResponse(status))
    with pytest.raises(errors.StatusError):
        client.list_runs()
    assert server.routes == [RUNS]


def test_a_list_that_is_not_found_is_asked_for_by_its_legacy_route(
    client: Client, server: ScriptedServer
) -> None:
    server.set_responses(RUNS, ScriptedResponse(404))
    with pytest.raises(errors.StatusError):
        client.list_runs()
    assert server.routes == [RUNS, RUNS, "POST /v1/trainers/search"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_only_a_get_is_retried(client: Client, server: ScriptedServer, status: int) -> None:
    routes = [
        "POST /v1/loops/runs",
        "POST /v1/loops/deployments/d1/deactivate",
        "PUT /v1/loops/checkpoints/c1/ttl",
        "DELETE /v1/loops/checkpoints/c1",
    ]
    for route in routes:
        server.set_responses(route, ScriptedResponse(status))
    for call in (
        lambda: client.create_run(session_id="s", base_model="m"),
        lambda: client.deactivate_deployment("d1"),
        lambda: client.set_checkpoint_ttl("c1", 3600),
        lambda: client.delete_checkpoint("c1"),
    ):
        with pytest.raises(errors.StatusError):
            call()
    assert server.routes == routes


def test_a_long_retry_after_is_raised(client: Client, server: ScriptedServer) -> None:
    server.set_responses(RUNS, ScriptedResponse(429, b'{"error": "slow down", "retry_after": 600}'))
    with pytest.raises(errors.RateLimited) as caught:
        client.list_runs()
    assert (caught.value.retry_after, server.routes) == (600.0, [RUNS])


def build_rate_limit_error(retry_after: float | None) -> errors.RateLimited:
    return errors.RateLimited("slow down", status=429, retry_after=retry_after)


@pytest.mark.parametrize("retry_after", [0.0, 1.0, 5.0])
def test_retry_after_gets_jitter(retry_after: float) -> None:
    waits = {
        choose_retry_wait(build_rate_limit_error(retry_after), limits=Limits(), left=30.0)
        for _ in range(50)
    }
    assert retry_after <= min(waits) < max(waits) <= retry_after + 0.5


@pytest.mark.parametrize(
    ("error", "left", "again"),
    [
        (build_rate_limit_error(None), 30.0, True),
        (build_rate_limit_error(5.1), 30.0, False),
        (build_rate_limit_error(4.0), 3.0, False),
        (build_rate_limit_error(None), 2.0, False),
        (errors.ServerError("down", status=503, retry_after=60.0), 99.0, False),
        (errors.ServerError("down", status=500), 30.0, True),
        (errors.ConnectionFailed("reset"), 30.0, True),
        (errors.ConnectionFailed("refused", may_have_been_received=False), 30.0, True),
        (errors.TimedOut("no connection", may_have_been_received=False), 30.0, True),
        (errors.TimedOut("no answer"), 30.0, False),
        (errors.MalformedResponse("html"), 30.0, False),
        (errors.ResponseTooLarge("big"), 30.0, False),
        (errors.RedirectRefused("302"), 30.0, False),
        (errors.NotFound("gone", status=404), 30.0, False),
        (KeyError("a bug"), 30.0, False),
    ],
)
def test_when_a_get_is_retried(error: Exception, left: float, again: bool) -> None:
    assert choose_retry_wait(error, limits=Limits(), left=left) is again


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        (None, None, None),
        ("7", None, 7.0),
        ("0.5", None, 0.5),
        ("-3", None, 0.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", None, 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", None, 0.0),
        ("Mon, 23 Nov 2026 12:00:30 -0000", None, 30.0),
        ("inf", None, None),
        ("1e300", None, 86_400.0),
        (None, 1e300, 86_400.0),
        (None, -1, 0.0),
        ("nan", None, None),
        ("soon", None, None),
        (None, 7, 7.0),
        (None, "7", 7.0),
        (None, True, None),
        (None, [7], None),
        ("2", 7, 7.0),
        ("7", 2, 7.0),
    ],
)
def test_retry_after_comes_from_header_or_body(
    header: str | None, body: object, seconds: float | None
) -> None:
    error = map_error_response(
        status=429,
        headers={} if header is None else {"retry-after": header},
        body=json.dumps({"error": "slow down", "retry_after": body}).encode(),
        key=ApiKey(KEY),
        now=NOW,
    )
    assert error.retry_after == seconds
