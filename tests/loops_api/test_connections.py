"""The connections of a process: cookies, keys, logs and deadlines."""

from __future__ import annotations

import logging
import os

import httpx
import pytest

from loopsweb.loops_api import Client, Limits, connection_pool, errors
from tests.loops_api import documented_examples
from tests.loops_api.conftest import BASE, KEY, build_client, catch_error
from tests.loops_api.raw_server import run_raw_server, stay_silent
from tests.loops_api.scripted_server import ScriptedResponse, ScriptedServer

RUNS = "GET /v1/loops/runs"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


pytestmark = pytest.mark.usefixtures("shared_pool")


def test_no_cookie_is_sent_back(server: ScriptedServer) -> None:
    server.set_responses(
        RUNS,
        ScriptedResponse(
            200, documented_examples.RUNS.encode(), {"Set-Cookie": "session=alice; Path=/"}
        ),
    )
    client = build_client(server)
    client.list_runs()
    client.list_runs()
    assert [request.headers.get("cookie") for request in server.requests] == [None, None]


def test_two_clients_share_connections_but_not_keys(server: ScriptedServer) -> None:
    server.set_responses(RUNS, documented_examples.RUNS)
    http = httpx.WSGITransport(app=server)
    for key in ("alice.key", "otto.key", "alice.key"):
        Client(base_url=BASE, key=key, http=http).list_runs()
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Api-Key alice.key", "Api-Key otto.key", "Api-Key alice.key"]


def test_the_log_has_the_route_but_no_ids(
    client: Client, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.set_responses("GET /v1/loops/runs/k4q95w5", documented_examples.RUN)
    client.get_run("k4q95w5")
    client.generation = "current"
    with pytest.raises(errors.NotFound):
        client.list_runs(base_model="Qwen/Qwen3-8B")
    lines = [record.getMessage().rpartition(" in ")[0] for record in caplog.records]
    assert lines == ["GET /v1/loops/runs/{} 200", "GET /v1/loops/runs 404"]
    assert {record.levelname for record in caplog.records} == {"DEBUG"}


@pytest.mark.parametrize(
    ("raised", "kind", "may_have_been_received"),
    [
        (httpx.ConnectTimeout("late"), errors.TimedOut, False),
        (httpx.PoolTimeout("all busy"), errors.TimedOut, False),
        (httpx.WriteTimeout("late"), errors.TimedOut, True),
        (httpx.ReadTimeout("late"), errors.TimedOut, True),
        (httpx.ConnectError("refused"), errors.ConnectionFailed, False),
        (httpx.WriteError("reset"), errors.ConnectionFailed, True),
        (httpx.RemoteProtocolError("odd"), errors.ConnectionFailed, True),
        (OSError(5, "odd"), errors.ConnectionFailed, True),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_whether_a_request_may_have_been_received(
    raised: Exception, kind: type[errors.LoopsError], may_have_been_received: bool
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise raised

    http = httpx.MockTransport(handler)
    with pytest.raises(errors.LoopsError) as caught:
        Client(base_url=BASE, key=KEY, http=http).deactivate_run("r1")
    error = caught.value
    assert (type(error), error.may_have_been_received) == (kind, may_have_been_received)


def test_a_request_throttled_past_its_deadline_is_not_sent(server: ScriptedServer) -> None:
    server.set_responses("POST /v1/loops/sessions", documented_examples.SESSION)
    http = httpx.WSGITransport(app=server)
    limits = Limits(requests_per_second=1, deadline=0.5)
    client = Client(base_url=BASE, key="one.per-second", http=http, limits=limits)
    client.create_session()
    with pytest.raises(errors.TimedOut) as caught:
        client.create_session()
    assert (caught.value.may_have_been_received, len(server.requests)) == (False, 1)


def test_a_body_is_not_read_past_the_deadline(server: ScriptedServer) -> None:
    server.set_responses("POST /v1/loops/sessions", documented_examples.SESSION)
    http = httpx.WSGITransport(app=server)
    client = Client(base_url=BASE, key=KEY, http=http, limits=Limits(deadline=0))
    with pytest.raises(errors.TimedOut) as caught:
        client.create_session()
    assert caught.value.may_have_been_received is True


def test_no_connection_is_opened_past_the_deadline() -> None:
    with run_raw_server(stay_silent) as base_url:
        error = catch_error(base_url, Limits(deadline=0))
    assert (type(error), error.may_have_been_received) == (errors.TimedOut, False)


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_forked_process_makes_its_own_connections() -> None:
    ours = connection_pool.get_shared_pool()
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, b"same" if connection_pool.get_shared_pool() is ours else b"own")
        os._exit(0)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as answer, os.fdopen(writing, "wb"):
        assert os.read(answer.fileno(), 9) == b"own"
