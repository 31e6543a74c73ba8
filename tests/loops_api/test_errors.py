"""What people and logs are told when the API refuses."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.error_mapping import refusal
from loopsweb.loops_api.secret import Key
from tests.loops_api.conftest import KEY
from tests.loops_api.served import Answer, Served

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


def refused(client: Client) -> errors.StatusError:
    with pytest.raises(errors.StatusError) as caught:
        client.create_session()
    return caught.value


@pytest.mark.parametrize(("status", "kind", "may_have_been_received"), CLASSES)
def test_a_status_is_one_class_and_says_whether_it_may_have_acted(
    client: Client,
    served: Served,
    status: int,
    kind: type[errors.StatusError],
    may_have_been_received: bool,
) -> None:
    served.on(ROUTE, Answer(status, b'{"message": "no such project"}'))
    error = refused(client)
    assert type(error) is kind
    assert (error.status, error.message) == (status, "no such project")
    assert error.may_have_been_received is may_have_been_received
    assert error.plain.endswith((".", "no such project"))


NOTHING = "no explanation was given (status 400)"


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
def test_the_message_is_found_wherever_it_is(
    client: Client, served: Served, body: object, message: str
) -> None:
    served.on(ROUTE, Answer(400, json.dumps(body).encode()))
    assert refused(client).message == message


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><h1>502 Bad Gateway</h1></html>", b'{"message": "cut', b"\xff", b"[" * 9999],
)
def test_a_body_that_is_no_json_explains_nothing(
    client: Client, served: Served, body: bytes
) -> None:
    served.on(ROUTE, Answer(400, body))
    assert refused(client).message == NOTHING


def test_a_message_is_bounded(client: Client, served: Served) -> None:
    served.on(ROUTE, Answer(400, json.dumps({"message": "x" * 10_000}).encode()))
    assert refused(client).message == "x" * 499 + "…"


def test_an_endless_refusal_is_not_read(client: Client, served: Served) -> None:
    served.on(ROUTE, Answer(400, json.dumps({"message": "x" * 1_000_000}).encode()))
    assert refused(client).message == NOTHING


@pytest.mark.parametrize(
    ("details", "reason"),
    [({"reason": "SAMPLER_PAIRED"}, "SAMPLER_PAIRED"), ({"reason": 7}, None), ("text", None)],
)
def test_the_stable_reason_is_kept(
    client: Client, served: Served, details: object, reason: str | None
) -> None:
    served.on(ROUTE, Answer(409, json.dumps({"message": "m", "details": details}).encode()))
    assert refused(client).reason == reason


def test_sentences_for_people(client: Client, served: Served) -> None:
    body = b'{"error": "slow down", "retry_after": 7}'
    served.on(ROUTE, Answer(401), Answer(403), Answer(429, body), Answer(429), Answer(503))
    assert [refused(client).plain for _ in range(5)] == [
        "The Loops API does not know this key. Replace it with one that is valid.",
        "This key may not do that: it lacks the scope the Loops API asks for.",
        "The Loops API is being asked too often with this key. Wait 7 seconds, then try again.",
        "The Loops API is being asked too often with this key. Wait a moment, then try again.",
        "The Loops API has a fault of its own (status 503). Try again later.",
    ]


def test_a_message_with_braces_is_shown_as_it_is() -> None:
    error = errors.BadRequest("{error.args} {0}", status=400)
    assert error.plain == "The Loops API refused the request: {error.args} {0}"


def test_an_error_survives_a_pickle() -> None:
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
def test_no_refusal_is_too_odd_to_be_understood(body: bytes, header: str) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    error = refusal(status=429, headers={"retry-after": header}, body=body, key=Key(KEY), now=now)
    assert 0 < len(error.message) <= 500
    assert error.retry_after is None or error.retry_after >= 0
    assert error.plain.startswith("The Loops API is being asked too often")
