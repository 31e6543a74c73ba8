"""The key and presigned URLs are hunted for wherever they could turn up."""

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
from loopsweb.loops_api.secret import Key
from tests.loops_api.conftest import BASE, KEY, client_of
from tests.loops_api.served import Answer, Served

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


def everything_about(error: BaseException) -> Iterator[str]:
    """All that logging, a debug page or an error reporter could show of an exception."""
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


def resetting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    yield b"{"
    raise ConnectionResetError(104, f"reset, {environ['HTTP_AUTHORIZATION']}")


def failing(error: Exception) -> httpx.MockTransport:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error

    return httpx.MockTransport(handler)


def answering(status: int, body: bytes) -> httpx.MockTransport:
    return httpx.MockTransport(
        lambda request: httpx.Response(status, stream=httpx.ByteStream(body))
    )


FAILURES: dict[str, httpx.BaseTransport] = {
    "reset": httpx.WSGITransport(app=resetting),
    "no connection": failing(httpx.ConnectError(f"cannot reach, {KEY}")),
    "timeout": failing(httpx.ReadTimeout(f"late, {KEY}")),
    "protocol": failing(httpx.LocalProtocolError(f"Illegal header value b'Api-Key {KEY}'")),
    "status": answering(403, ECHO),
    "fault": answering(500, ECHO),
    "list": answering(200, b"[%s]" % ECHO),
    "broken": answering(200, ECHO[:-5] + b"\xff"),
    "redirect": httpx.MockTransport(
        lambda request: httpx.Response(302, headers={"Location": f"https://evil.test/{KEY}"})
    ),
    "large": answering(200, ECHO * 99),
}


@pytest.mark.parametrize("how", FAILURES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_failure_shows_the_key(how: str, method: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    http = httpx.Client(transport=FAILURES[how])
    client = Client(base_url=BASE, key=KEY, http=http, limits=Limits(largest_answer=1000))
    with pytest.raises(errors.LoopsError) as caught:
        client.list_deployments() if method == "get" else client.deactivate_deployment("d1")
    error = caught.value
    shown = "\n".join([error.message, error.plain, *everything_about(error), caplog.text])
    for secret in (KEY, TAIL, "AKIA1", "5ecre7"):
        assert secret not in shown
    assert "Traceback" in shown
    assert (error.__cause__, error.__context__) == (None, None)


def test_a_message_keeps_what_is_no_secret(client: Client, served: Served) -> None:
    served.on("GET /v1/loops/runs", Answer(403, ECHO))
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
    ],
)  # fmt: skip
def test_redact(text: str, redacted: str) -> None:
    assert Key(KEY).redact(text) == redacted


def test_a_key_cut_by_the_bound_of_a_message_is_still_redacted() -> None:
    assert KEY[:12] not in Key(KEY).redact("x" * 480 + KEY)


@pytest.mark.parametrize("filling", [" ", "https://x.test/?".ljust(1000, "q") + " "])
@pytest.mark.parametrize("cut_off", range(len(KEY)))
def test_a_key_cut_by_the_bound_of_what_is_looked_at_is_still_redacted(
    filling: str, cut_off: int
) -> None:
    before = (filling * 2048)[cut_off - 2048 :]
    assert KEY[:4] not in Key(KEY).redact(f"{before}{KEY}")


@pytest.mark.parametrize(
    "text", ["http://" * 9000, "sig" * 20_000, "sig=" * 15_000, "x-amz-" * 9000]
)
def test_no_refusal_takes_long_to_redact(client: Client, served: Served, text: str) -> None:
    served.on("GET /v1/loops/runs", Answer(403, json.dumps({"message": text}).encode()))
    started = time.monotonic()
    with pytest.raises(errors.Forbidden):
        client.list_runs()
    assert time.monotonic() - started < 1


def test_a_client_shows_its_address_and_not_its_key(client: Client) -> None:
    assert repr(client) == f"<Client {BASE} current>"
    assert KEY not in repr(vars(client)) + repr(vars(client._transport))


def test_a_key_is_neither_pickled_nor_copied() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Key(KEY))
    with pytest.raises(TypeError, match="not pickled"):
        copy.deepcopy(Key(KEY))


@pytest.mark.parametrize("key", ["", " ", f"{KEY}\n", f"{KEY} ", f"{KEY}\x00", f"{KEY}é", "a\r\nb"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match=r"^An API key is plain letters.*\.$") as caught:
        Client(base_url=BASE, key=key)
    shown = "\n".join(everything_about(caught.value))
    assert KEY not in shown


def test_an_address_that_is_refused_does_not_show_the_key() -> None:
    with pytest.raises(ValueError, match="without a user name") as caught:
        Client(base_url="https://alice:pa55word@api.example.test", key=KEY)
    assert KEY not in "\n".join(everything_about(caught.value))


def test_a_presigned_url_is_not_shown_by_a_page_that_cannot_be_read(
    client: Client, served: Served
) -> None:
    page = {"presigned_urls": [{"url": PRESIGNED}], "next_page_token": "none"}
    served.on("GET /v1/loops/checkpoints/c1/files", page)
    with pytest.raises(errors.MalformedAnswer) as caught:
        client.list_files("c1")
    assert "5ecre7" not in "\n".join(everything_about(caught.value))


SLASHED = 'Kanary12.s3cret/part"of+the=key'


@pytest.mark.parametrize(
    "told",
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
def test_an_answer_that_holds_the_key_is_not_kept(served: Served, told: str) -> None:
    served.on("GET /v1/loops/runs/r1", told)
    with pytest.raises(errors.MalformedAnswer) as caught:
        client_of(served, key=SLASHED).get_run("r1")
    assert caught.value.message == "the answer holds the key itself"


def test_a_list_and_an_action_that_hold_the_key_are_not_kept(
    client: Client, served: Served
) -> None:
    served.on("GET /v1/loops/runs", {"runs": [{"id": "r1", "name": KEY}]})
    served.on("POST /v1/loops/runs/r1/deactivate", {"id": "r1", "base_model": KEY})
    for call in (client.list_runs, lambda: client.deactivate_run("r1")):
        with pytest.raises(errors.MalformedAnswer):
            call()


def test_a_prefix_of_the_key_is_no_secret(client: Client, served: Served) -> None:
    served.on("GET /v1/api_keys", {"keys": [{"prefix": KEY.partition(".")[0]}]})
    assert [known.prefix for known in client.list_api_keys()] == ["Kanary12"]
