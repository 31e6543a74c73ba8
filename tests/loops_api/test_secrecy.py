"""No error, log line or repr shows the key or a presigned URL."""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import time
import traceback
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import pytest

from loopsweb.loops_api import Client, Limits, errors
from loopsweb.loops_api.api_key import ApiKey
from tests.loops_api.conftest import BASE, KEY, build_client
from tests.loops_api.scripted_server import ScriptedResponse, ScriptedServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TAIL = KEY.partition(".")[2]
PRESIGNED = "https://bucket.s3.example.test/a/b.bin?X-Amz-Credential=AKIA1&X-Amz-Signature=5ecre7"
ECHO = json.dumps(
    {
        "message": f"key Api-Key {KEY}, or {TAIL}, may not fetch {PRESIGNED}",
        "details": {"reason": KEY},
    }
).encode()


def find_texts_of(error: BaseException) -> Iterator[str]:
    """Every text that logs, a debug page or an error reporter could show of an exception."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        if (current := waiting.pop()) is None or current in seen:
            continue
        seen.append(current)
        waiting += [current.__cause__, current.__context__]
        yield str(current)
        yield repr(current)
        yield repr(current.args)
        yield repr(vars(current))
        frames = [f for f, _ in traceback.walk_tb(current.__traceback__)]
        for frame in frames:
            ours = "/tests/" in frame.f_code.co_filename
            yield "" if ours else repr(dict(frame.f_locals))
    yield "".join(traceback.format_exception(error))


def reset_connection(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    yield b"{"
    raise ConnectionResetError(104, f"reset, {environ['HTTP_AUTHORIZATION']}")


def raise_in_transport(error: Exception) -> httpx.MockTransport:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error

    return httpx.MockTransport(handler)


def respond_with(status: int, body: bytes) -> httpx.MockTransport:
    return httpx.MockTransport(
        lambda request: httpx.Response(status, stream=httpx.ByteStream(body))
    )


FAILURES: dict[str, httpx.BaseTransport] = {
    "reset": httpx.WSGITransport(app=reset_connection),
    "no connection": raise_in_transport(httpx.ConnectError(f"cannot reach, {KEY}")),
    "timeout": raise_in_transport(httpx.ReadTimeout(f"late, {KEY}")),
    "protocol": raise_in_transport(
        httpx.LocalProtocolError(f"Illegal header value b'Api-Key {KEY}'")
    ),
    "status": respond_with(403, ECHO),
    "fault": respond_with(500, ECHO),
    "list": respond_with(200, b"[%s]" % ECHO),
    "broken": respond_with(200, ECHO[:-5] + b"\xff"),
    "redirect": httpx.MockTransport(
        lambda request: httpx.Response(302, headers={"Location": f"https://evil.test/{KEY}"})
    ),
    "large": respond_with(200, ECHO * 99),
}


@pytest.mark.parametrize("how", FAILURES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_error_shows_the_key(how: str, method: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    http = FAILURES[how]
    client = Client(base_url=BASE, key=KEY, http=http, limits=Limits(max_response_bytes=1000))
    with pytest.raises(errors.LoopsError) as caught:
        client.list_deployments() if method == "get" else client.deactivate_deployment("d1")
    error = caught.value
    shown = "\n".join([error.message, error.plain, *find_texts_of(error), caplog.text])
    for secret in (KEY, TAIL, "AKIA1", "5ecre7"):
        assert secret not in shown
    assert "Traceback" in shown
    assert (error.__cause__, error.__context__) == (None, None)


def test_a_message_is_redacted(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/runs", ScriptedResponse(403, ECHO))
    with pytest.raises(errors.Forbidden) as caught:
        client.list_runs()
    assert caught.value.message == (
        "key Api-Key [redacted], or [redacted], may not fetch "
        "https://bucket.s3.example.test/a/b.bin?[redacted]"
    )
    assert caught.value.reason == "[redacted]"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("X-Amz-Signature=abc&x=1", "X-Amz-Signature=[redacted]&x=1"),
        ("sig=abc signature=def", "sig=[redacted] signature=[redacted]"),
        ("design=abc", "design=abc"),
        ("see https://docs.example.test/errors", "see https://docs.example.test/errors"),
        ('"https://x.test/?a=1" and more', '"https://x.test/?[redacted]" and more'),
        ("Kanary12%2Es3cretpartofthekey", "Kanary12%2E[redacted]"),
        (f"Basic {base64.b64encode(KEY.encode()).decode()}", "Basic [redacted]"),
    ],
)  # fmt: skip
def test_redact(text: str, redacted: str) -> None:
    assert ApiKey(KEY).redact(text) == redacted


def test_a_key_cut_by_the_length_limit_is_redacted() -> None:
    assert KEY[:12] not in ApiKey(KEY).redact("x" * 480 + KEY)


@pytest.mark.parametrize("filling", [" ", "https://x.test/?".ljust(1000, "q") + " "])
@pytest.mark.parametrize("cut_off", range(len(KEY)))
def test_a_key_cut_by_the_redaction_limit_is_redacted(filling: str, cut_off: int) -> None:
    before = (filling * 2048)[cut_off - 2048 :]
    assert KEY[:4] not in ApiKey(KEY).redact(f"{before}{KEY}")


@pytest.mark.parametrize(
    "text", ["http://" * 9000, "sig" * 20_000, "sig=" * 15_000, "x-amz-" * 9000]
)
def test_redaction_of_wild_text_costs_little_more_than_of_plain_text(text: str) -> None:
    def measure(text: str) -> float:
        started = time.thread_time()
        for _ in range(5):
            ApiKey(KEY).redact(text)
        return time.thread_time() - started

    assert measure(text) < 20 * measure("plain text ".ljust(len(text), "."))


def test_a_clients_repr_shows_the_url_but_not_the_key(client: Client) -> None:
    assert repr(client) == f"<Client {BASE} current>"
    assert KEY not in repr(vars(client)) + repr(vars(client._transport))


def test_a_key_cannot_be_pickled_or_copied() -> None:
    with pytest.raises(TypeError, match="must not be pickled"):
        pickle.dumps(ApiKey(KEY))
    with pytest.raises(TypeError, match="must not be pickled"):
        copy.deepcopy(ApiKey(KEY))


@pytest.mark.parametrize("key", ["", " ", f"{KEY}\n", f"{KEY} ", f"{KEY}\x00", f"{KEY}é", "a\r\nb"])
def test_an_invalid_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match=r"^An API key consists of ASCII letters.*\.$") as caught:
        Client(base_url=BASE, key=key)
    shown = "\n".join(find_texts_of(caught.value))
    assert KEY not in shown


def test_an_invalid_base_url_does_not_show_the_key() -> None:
    with pytest.raises(ValueError, match="and no user name") as caught:
        Client(base_url="https://alice:pa55word@api.example.test", key=KEY)
    assert KEY not in "\n".join(find_texts_of(caught.value))


def test_a_malformed_file_page_shows_no_presigned_url(
    client: Client, server: ScriptedServer
) -> None:
    page = {"presigned_urls": [{"url": PRESIGNED}], "next_page_token": "none"}
    server.set_responses("GET /v1/loops/checkpoints/c1/files", page)
    with pytest.raises(errors.MalformedResponse) as caught:
        client.list_files("c1")
    assert "5ecre7" not in "\n".join(find_texts_of(caught.value))


SLASHED = 'Kanary12.s3cret/part"of+the=key'


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"run": {"id": "r1", "name": f"Api-Key {SLASHED}"}}),
        json.dumps({"run": {"id": "r1", "name": SLASHED.partition(".")[2]}}),
        json.dumps({"run": {"id": "r1", "name": SLASHED}}).replace("/", r"\/"),
        json.dumps({"run": {"id": "r1", "name": quote(SLASHED, safe="")}}),
        json.dumps({"run": {"id": "r1", "name": base64.b64encode(SLASHED.encode()).decode()}}),
        '{"run": {"id": "r1", "name": "'
        + "".join(f"\\u{ord(c):04x}" for c in "x" + SLASHED)
        + '"}}',
    ],
)
def test_a_response_that_contains_the_key_is_malformed(server: ScriptedServer, body: str) -> None:
    server.set_responses("GET /v1/loops/runs/r1", body)
    with pytest.raises(errors.MalformedResponse) as caught:
        build_client(server, key=SLASHED).get_run("r1")
    assert caught.value.message == "the response contains the API key"


def test_lists_and_actions_that_contain_the_key_are_malformed(
    client: Client, server: ScriptedServer
) -> None:
    server.set_responses("GET /v1/loops/runs", {"runs": [{"id": "r1", "name": KEY}]})
    server.set_responses("POST /v1/loops/runs/r1/deactivate", {"id": "r1", "base_model": KEY})
    for call in (client.list_runs, lambda: client.deactivate_run("r1")):
        with pytest.raises(errors.MalformedResponse):
            call()


def test_the_prefix_of_a_key_is_not_secret(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/api_keys", {"keys": [{"prefix": KEY.partition(".")[0]}]})
    assert [known.prefix for known in client.list_api_keys()] == ["Kanary12"]
