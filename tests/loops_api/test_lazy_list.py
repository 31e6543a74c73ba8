"""Lists: digests, lazy parsing, malformed rows and responses."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.loops_api import Client, LazyList, errors, lazy_list, parsers
from loopsweb.loops_api.types import Run
from tests.loops_api.scripted_server import ScriptedResponse, ScriptedServer


def test_the_same_body_has_the_same_digest(client: Client, server: ScriptedServer) -> None:
    one, other = '{"runs": [{"id": "a"}]}', '{"runs": [{"id": "b"}]}'
    server.set_responses("GET /v1/loops/runs", one, one, other)
    first, same, changed = (client.list_runs() for _ in range(3))
    assert first.digest == same.digest != changed.digest


def test_rows_are_parsed_once_on_first_use() -> None:
    parsed = []

    def parse(value: object) -> Run | None:
        parsed.append(value)
        return parsers.parse_run(value)

    listing = LazyList(b'{"runs": [{"id": "a"}, {"id": "b"}]}', "runs", parse)
    assert (len(listing.digest), parsed) == (64, [])
    assert [len(listing), [run.id for run in listing]] == [2, ["a", "b"]]
    assert len(parsed) == 2


def test_rows_of_a_long_list_are_parsed_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lazy_list, "KEPT_ROWS", 2)
    body = b'{"runs": [{"id": "a"}, {}, {"id": "b"}, {"id": "c"}]}'
    listing = LazyList(body, "runs", parsers.parse_run, keep=lambda run: run.id != "b")
    first, second = iter(listing), iter(listing)
    assert next(first) is not next(second)
    for _ in range(2):
        assert [[run.id for run in listing], len(listing), listing.skipped] == [["a", "c"], 2, 1]


def test_a_bad_row_is_skipped_and_counted() -> None:
    rows = b'[{"id": "a"}, {}, null, 7, [], {"id": ""}, {"id": 5}, {"id": "x\xff"}, {"id": "b"}'
    body = b'{"runs": ' + rows + b', {"id": "c", "n": 1e999}]}'
    listing = LazyList(body, "runs", parsers.parse_run)
    assert ([run.id for run in listing], listing.skipped) == (["a", "b"], 8)


@pytest.mark.parametrize("id_", [".", ".."])
def test_a_row_whose_id_fits_no_url_is_skipped(id_: str) -> None:
    body = json.dumps({"runs": [{"id": id_}, {"id": "..."}]}).encode()
    listing = LazyList(body, "runs", parsers.parse_run)
    assert ([run.id for run in listing], listing.skipped) == (["..."], 1)


@pytest.mark.parametrize(("depth", "ids", "skipped"), [(62, ["a", "b"], 0), (900, ["b"], 1)])
def test_a_row_nested_too_deep_is_skipped(depth: int, ids: list[str], skipped: int) -> None:
    deep = b'{"id": "a", "x": ' + b"[" * depth + b"]" * depth + b"}"
    listing = LazyList(b'{"runs": [' + deep + b', {"id": "b"}]}', "runs", parsers.parse_run)
    assert ([run.id for run in listing], listing.skipped) == (ids, skipped)


@pytest.mark.parametrize("depth", [65, 400, 900])
def test_an_object_nested_too_deep_is_malformed(
    client: Client, server: ScriptedServer, depth: int
) -> None:
    deep = '{"run": {"id": "r1", "x": ' + '{"x": ' * depth + "0" + "}" * depth + "}}"
    server.set_responses("GET /v1/loops/runs/r1", deep)
    with pytest.raises(errors.MalformedResponse):
        client.get_run("r1")


def test_brackets_within_text_do_not_count_as_depth(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/runs/r1", {"run": {"id": "r1", "name": "[" * 900}})
    assert client.get_run("r1").name == "[" * 900


def test_filtered_rows_do_not_count_as_skipped() -> None:
    listing = LazyList(
        b'{"runs": [{"id": "a"}, {"id": "b"}, {}]}',
        "runs",
        parsers.parse_run,
        lambda run: run.id == "b",
    )
    assert ([run.id for run in listing], listing.skipped) == (["b"], 1)


MALFORMED = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"<html><body>502 Bad Gateway</body></html>",
    b'{"runs": null}',
    b'{"runs": {}}',
    b'{"runs": "none"}',
    b'{"Runs": []}',
    b'{"message": "ok"}',
    b'{"runs": [{"id": "a"}, {"id"',
    b'{"runs": [{"id": "a"}',
    b'{"runs": [{"id": "a"} {"id": "b"}]}',
    b'{"runs": []} trailing',
    b"\xef\xbb\xbf",
    b'{"runs": ' + b"[" * 100_000,
]


@pytest.mark.parametrize("body", MALFORMED)
def test_a_malformed_list_is_an_error_at_once(
    client: Client, server: ScriptedServer, body: bytes
) -> None:
    server.set_responses("GET /v1/loops/runs", ScriptedResponse(200, body))
    with pytest.raises(errors.MalformedResponse):
        client.list_runs()


@pytest.mark.parametrize("body", [*MALFORMED, b'{"run": {}}', b'{"run": []}', b'{"run": null}'])
def test_a_malformed_object_is_an_error(
    client: Client, server: ScriptedServer, body: bytes
) -> None:
    server.set_responses("GET /v1/loops/runs/r1", ScriptedResponse(200, body))
    with pytest.raises(errors.MalformedResponse):
        client.get_run("r1")


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"id": "d1"', b"[]"])
def test_a_malformed_response_may_follow_a_successful_deactivation(
    client: Client, server: ScriptedServer, body: bytes
) -> None:
    server.set_responses("POST /v1/loops/deployments/d1/deactivate", ScriptedResponse(200, body))
    with pytest.raises(errors.MalformedResponse) as caught:
        client.deactivate_deployment("d1")
    assert caught.value.may_have_been_received is True


def test_an_empty_list_has_no_rows(client: Client, server: ScriptedServer) -> None:
    server.set_responses("GET /v1/loops/deployments", '{"deployments": []}')
    listing = client.list_deployments()
    assert (list(listing), len(listing), listing.skipped) == ([], 0, 0)


@given(cut=st.integers(min_value=0))
def test_a_truncated_list_is_malformed(cut: int) -> None:
    body = json.dumps({"runs": [{"id": "a", "status": {"name": "ACTIVE"}}, {"id": "b"}]}).encode()
    with pytest.raises(errors.MalformedResponse):
        LazyList(body[: cut % len(body)], "runs", parsers.parse_run)
