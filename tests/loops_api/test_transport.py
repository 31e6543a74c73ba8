"""Requests over real and scripted connections: failures, limits, redirects, cookies, logs."""

from __future__ import annotations

import gzip
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import httpx
import pytest

from loopsweb.loops_api import Client, Limits, errors
from loopsweb.loops_api.deadline import Deadline
from tests.loops_api import documented_examples
from tests.loops_api.conftest import BASE, KEY, build_client, catch_error
from tests.loops_api.raw_server import Script, run_raw_server, send_parts, send_slowly, stay_silent
from tests.loops_api.scripted_server import ScriptedResponse, ScriptedServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

RUNS = "GET /v1/loops/runs"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HALF_BODY = OK + b"Content-Length: 9999\r\n\r\n{"
NOT_GZIP = OK + b"Content-Encoding: gzip\r\n\r\nx"
QUICK = Limits(
    connect=2, read=0.5, read_list=0.5, deadline=1.0, deadline_list=1.0, max_response_bytes=2**16
)
PATIENT = Limits(read=5, read_list=5, deadline=0.8, deadline_list=0.8)


pytestmark = pytest.mark.usefixtures("shared_pool")


def test_a_call_keeps_to_the_deadline_around_it() -> None:
    with run_raw_server(send_slowly(HALF_BODY, b" ", 0.05)) as base_url, Deadline(0.2).apply():
        started = time.monotonic()
        assert type(catch_error(base_url, Limits())) is errors.TimedOut
    assert time.monotonic() - started < Limits().read / 2


def test_a_connection_is_reused() -> None:
    body = documented_examples.RUN.encode()
    answer = OK + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    with run_raw_server(send_parts(answer)) as base_url:
        client = Client(base_url=base_url, key=KEY)
        assert [client.get_run("k4q95w5").id for _ in range(2)] == ["k4q95w5"] * 2


@pytest.mark.parametrize(
    ("script", "limits", "kind", "may_have_been_received"),
    [
        (stay_silent, QUICK, errors.TimedOut, True),
        (send_slowly(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.05), PATIENT, errors.TimedOut, True),
        (send_slowly(HALF_BODY, b" ", 0.05), PATIENT, errors.TimedOut, True),
        (send_parts(b""), QUICK, errors.ConnectionFailed, True),
        (send_parts(then_reset=True), QUICK, errors.ConnectionFailed, True),
        (send_parts(b"no HTTP at all\r\n\r\n"), QUICK, errors.ConnectionFailed, True),
        (send_parts(OK + b"Content-Length: 99\r\n\r\n{"), QUICK, errors.ConnectionFailed, True),
        (
            send_parts(OK + b"Content-Length: 99\r\n\r\n{", then_reset=True),
            QUICK,
            errors.ConnectionFailed,
            True,
        ),
        (send_parts(NOT_GZIP), QUICK, errors.MalformedResponse, True),
        (send_parts(OK + b"Content-Encoding: br\r\n\r\nx"), QUICK, errors.MalformedResponse, True),
        (send_parts(OK + b"\r\n" + b" " * 2**17), QUICK, errors.ResponseTooLarge, True),
        (
            send_parts(b"HTTP/1.1 302 Found\r\nLocation: https://[\r\n\r\n"),
            QUICK,
            errors.RedirectRefused,
            True,
        ),
        (
            send_parts(b"HTTP/1.1 500 Oh\r\nContent-Length: 99\r\n\r\n{", then_reset=True),
            QUICK,
            errors.ServerError,
            True,
        ),
    ],
    ids=[
        "silent", "drips its head", "drips its body", "hangs up", "resets", "other protocol",
        "body too short", "reset in the body", "not gzip", "not unpacked here", "endless",
        "redirect to nowhere", "reset in a refusal",
    ],
)  # fmt: skip
def test_a_misbehaving_server_raises_its_error(
    script: Script,
    limits: Limits,
    kind: type[errors.LoopsError],
    may_have_been_received: bool,
) -> None:
    started = time.monotonic()
    with run_raw_server(script) as base_url:
        error = catch_error(base_url, limits)
    assert (type(error), error.may_have_been_received) == (kind, may_have_been_received)
    assert time.monotonic() - started < Limits().read


def test_a_closed_port_is_a_failed_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = catch_error(f"http://127.0.0.1:{port}", QUICK)
    assert (type(error), error.may_have_been_received) == (errors.ConnectionFailed, False)
    assert error.plain == (
        "The Loops API cannot be reached. Check the API URL and the network, then try again."
    )


def test_a_server_without_tls_is_a_failed_connection() -> None:
    script = send_parts(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with run_raw_server(script, reads_first=False) as base_url:
        error = catch_error(base_url.replace("http:", "https:"), QUICK)
    assert (type(error), error.may_have_been_received) == (errors.ConnectionFailed, False)


def test_an_interrupted_body_is_retried() -> None:
    times = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        times.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Length", "99")])
        yield b'{"runs": ['
        raise ConnectionResetError(104, "Connection reset by peer")

    http = httpx.WSGITransport(app=app)
    with pytest.raises(errors.ConnectionFailed) as caught:
        Client(base_url=BASE, key=KEY, http=http).list_runs()
    assert (len(times), caught.value.may_have_been_received) == (3, True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["https://evil.test/", "/v1/loops/runs/other"])
def test_a_redirect_is_never_followed(
    client: Client, server: ScriptedServer, status: int, location: str
) -> None:
    server.set_responses(RUNS, ScriptedResponse(status, b"", {"Location": location}))
    with pytest.raises(errors.RedirectRefused) as caught:
        client.list_runs()
    assert server.routes == [RUNS]
    assert "evil" not in str(caught.value)


def test_a_redirect_without_a_location_is_a_status_error(
    client: Client, server: ScriptedServer
) -> None:
    server.set_responses(RUNS, ScriptedResponse(304, b""))
    with pytest.raises(errors.StatusError) as caught:
        client.list_runs()
    assert caught.value.status == 304


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
@pytest.mark.parametrize(
    ("coding", "pack"),
    [("", bytes), ("Identity", bytes), ("GZIP", gzip.compress), (" deflate,", zlib.compress)],
    ids=["as it is", "identity", "gzip", "deflate"],
)
def test_the_size_limit_applies_after_decompression(
    server: ScriptedServer, size: int, fits: bool, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    body = pack(b'{"runs": []}'.ljust(size))
    server.set_responses(RUNS, ScriptedResponse(200, body, {"Content-Encoding": coding}))
    http = httpx.WSGITransport(app=server)
    client = Client(base_url=BASE, key=KEY, http=http, limits=Limits(max_response_bytes=1000))
    if fits:
        assert list(client.list_runs()) == []
    else:
        with pytest.raises(errors.ResponseTooLarge):
            client.list_runs()
        assert server.routes == [RUNS]


def test_a_decompression_bomb_is_not_decompressed(server: ScriptedServer) -> None:
    server.set_responses(
        RUNS, ScriptedResponse(200, gzip.compress(bytes(2**26)), {"Content-Encoding": "gzip"})
    )
    client = build_client(server)
    client._transport._limits = Limits(max_response_bytes=2**16)
    tracemalloc.start()
    try:
        with pytest.raises(errors.ResponseTooLarge):
            client.list_runs()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2**21


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(b'{"runs": []}'))),
        ("deflate, gzip", gzip.compress(zlib.compress(b'{"runs": []}'))),
        ("gzip", gzip.compress(b'{"runs": []}') + gzip.compress(b" ")),
        ("gzip", gzip.compress(b'{"runs": []}')[:-20]),
        ("br", b'{"runs": []}'),
    ],
    ids=["twice", "two ways", "two in a row", "cut off", "unknown"],
)
def test_an_unsupported_encoding_is_malformed(
    client: Client, server: ScriptedServer, coding: str, body: bytes
) -> None:
    server.set_responses(RUNS, ScriptedResponse(200, body, {"Content-Encoding": coding}))
    with pytest.raises(errors.MalformedResponse):
        client.list_runs()


def test_an_error_with_an_unsupported_encoding_keeps_its_status(
    client: Client, server: ScriptedServer
) -> None:
    server.set_responses(RUNS, ScriptedResponse(403, b"x", {"Content-Encoding": "gzip, gzip"}))
    with pytest.raises(errors.Forbidden) as caught:
        client.list_runs()
    assert caught.value.message == "the response gave no reason (status 403)"
