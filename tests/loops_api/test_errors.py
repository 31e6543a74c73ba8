"""Error responses: their classes, messages and what the user reads."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.api_key import ApiKey
from loopsweb.loops_api.error_mapping import map_error_response
from tests.loops_api.conftest import KEY
from tests.loops_api.scripted_server import ScriptedResponse, ScriptedServer

ROUTE = "POST /v1/loops/sessions"
CLASSES = [
    (400, errors.BadRequest, False),
    (401, errors.Unauthorized, False),
    (403, errors.Forbidden, False),
    (404, errors.NotFound, False),
    (408, errors.StatusError, True),
    (409, errors.Conflict, False),
    (418, errors.StatusError, False),
    (429, errors.RateLimited, False),
    (460, errors.StatusError, True),
    (498, errors.StatusError, False),
    (499, errors.StatusError, True),
    (500, errors.ServerError, True),
    (502, errors.ServerError, True),
    (599, errors.ServerError, True),
]


def catch_status_error(client: Client) -> errors.StatusError:
    with pytest.raises(errors.StatusError) as caught:
        client.create_session()
    return caught.value


@pytest.mark.parametrize(("status", "kind", "may_have_been_received"), CLASSES)
def test_each_status_has_its_error_class(
    client: Client,
    server: ScriptedServer,
    status: int,
    kind: type[errors.StatusError],
    may_have_been_received: bool,
) -> None:
    server.set_responses(ROUTE, ScriptedResponse(status, b'{"message": "no such project"}'))
    error = catch_status_error(client)
    assert type(error) is kind
    assert (error.status, error.message) == (status, "no such project")
    assert error.may_have_been_received is may_have_been_received
    assert error.plain.endswith((".", "no such project"))


NOTHING = "the response gave no reason (status 400)"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "bad filter"}, "bad filter"),
        ({"error": "bad filter"}, "bad filter"),
        ({"detail": "bad filter"}, "bad filter"),
        ({"message": "", "error": None, "detail": "bad filter"}, "bad filter"),
        ({"error": {"message": "bad filter"}}, "bad filter"),
        ({"detail": [{"loc": ["query"], "msg": "bad filter"}, {"msg": "x"}]}, "bad filter"),
        ({"message": {"error": {"detail": "bad filter"}}}, "bad filter"),
        ({"message": "two\nlines\x00\tand\u202e more"}, "two lines and more"),
        ({"message": 7}, NOTHING),
        ({}, NOTHING),
        ([], NOTHING),
        ("just text", NOTHING),
        (None, NOTHING),
    ],
)
def test_the_message_is_found_in_every_form(
    client: Client, server: ScriptedServer, body: object, message: str
) -> None:
    server.set_responses(ROUTE, ScriptedResponse(400, json.dumps(body).encode()))
    assert catch_status_error(client).message == message


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><h1>502 Bad Gateway</h1></html>", b'{"message": "cut', b"\xff", b"[" * 9999],
)
def test_a_body_that_is_not_json_gives_no_reason(
    client: Client, server: ScriptedServer, body: bytes
) -> None:
    server.set_responses(ROUTE, ScriptedResponse(400, body))
    assert catch_status_error(client).message == NOTHING


def test_a_message_is_shortened(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        ROUTE, ScriptedResponse(400, json.dumps({"message": "x" * 10_000}).encode())
    )
    assert catch_status_error(client).message == "x" * 499 + "…"


def test_a_large_error_body_is_not_read(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        ROUTE, ScriptedResponse(400, json.dumps({"message": "x" * 1_000_000}).encode())
    )
    assert catch_status_error(client).message == NOTHING


@pytest.mark.parametrize(
    ("details", "reason"),
    [({"reason": "SAMPLER_PAIRED"}, "SAMPLER_PAIRED"), ({"reason": 7}, None), ("text", None)],
)
def test_the_stable_reason_is_kept(
    client: Client, server: ScriptedServer, details: object, reason: str | None
) -> None:
    server.set_responses(
        ROUTE, ScriptedResponse(409, json.dumps({"message": "m", "details": details}).encode())
    )
    assert catch_status_error(client).reason == reason


@pytest.mark.parametrize(
    ("detail", "fields"),
    [
        ([{"loc": ["body", "seed"], "msg": "not a number"}], {"seed": "not a number"}),
        ([{"loc": ["body", "path", 0], "msg": "bad"}, {"loc": [], "msg": "bad"}, "bad"], {}),
        ([{"loc": ["a"], "msg": f"bad {KEY}"}], {"a": "bad [redacted]"}),
        ("no such project", {}),
        ({"loc": ["body", "seed"], "msg": "bad"}, {}),
    ],
)
def test_what_is_said_of_fields_is_kept(
    client: Client, server: ScriptedServer, detail: object, fields: dict[str, str]
) -> None:
    body = json.dumps({"detail": detail}).encode()
    server.set_responses(ROUTE, ScriptedResponse(422, body))
    assert catch_status_error(client).fields == fields


def test_plain_messages(client: Client, server: ScriptedServer) -> None:
    body = b'{"error": "slow down", "retry_after": 7}'
    server.set_responses(
        ROUTE,
        ScriptedResponse(401),
        ScriptedResponse(403),
        ScriptedResponse(429, body),
        ScriptedResponse(429),
        ScriptedResponse(503),
    )
    assert [catch_status_error(client).plain for _ in range(5)] == [
        "The Loops API rejected this API key. Replace it with a valid one.",
        "This API key lacks the scope that the request needs. Use a key that has it.",
        "This API key has sent too many requests to the Loops API. Wait 7 seconds, then try again.",
        "This API key has sent too many requests to the Loops API. Wait a moment, then try again.",
        "The Loops API had an internal error (status 503). Try again later.",
    ]


def test_braces_in_a_message_are_kept() -> None:
    error = errors.BadRequest("{error.args} {0}", status=400)
    assert error.plain == "The Loops API refused the request: {error.args} {0}"


def test_an_error_can_be_pickled() -> None:
    error = errors.RateLimited("slow down", status=429, reason="R", retry_after=2.0)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(copy), vars(copy)) == (errors.RateLimited, vars(error))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                ["message", "error", "detail", "msg", "details", "reason", "retry_after"]
            ),
            inner,
        )
    ),
)


@given(body=st.binary() | json_values.map(lambda v: json.dumps(v).encode()), header=st.text())
def test_any_error_response_is_mapped(body: bytes, header: str) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    error = map_error_response(
        status=429, headers={"retry-after": header}, body=body, key=ApiKey(KEY), now=now
    )
    assert 0 < len(error.message) <= 500
    assert error.retry_after is None or error.retry_after >= 0
    assert error.plain.startswith("This API key has sent too many requests")
