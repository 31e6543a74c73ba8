"""Lists: digests, laziness, bad rows, bad envelopes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.loops_api import Client, Listing, errors, parsers
from loopsweb.loops_api.types import Run
from tests.loops_api.served import Answer, Served


def test_the_same_body_has_the_same_digest(client: Client, served: Served) -> None:
    one, other = '{"runs": [{"id": "a"}]}', '{"runs": [{"id": "b"}]}'
    served.on("GET /v1/loops/runs", one, one, other)
    first, same, changed = (client.list_runs() for _ in range(3))
    assert first.digest == same.digest != changed.digest


def test_rows_are_parsed_once_and_only_when_looked_at() -> None:
    parsed = []

    def parse(value: object) -> Run | None:
        parsed.append(value)
        return parsers.run(value)

    listing = Listing(b'{"runs": [{"id": "a"}, {"id": "b"}]}', "runs", parse)
    assert (len(listing.digest), parsed) == (64, [])
    assert [len(listing), [run.id for run in listing]] == [2, ["a", "b"]]
    assert len(parsed) == 2


def test_a_bad_row_is_counted_and_spoils_no_other() -> None:
    rows = b'[{"id": "a"}, {}, null, 7, [], {"id": ""}, {"id": 5}, {"id": "x\xff"}, {"id": "b"}'
    body = b'{"runs": ' + rows + b', {"id": "c", "n": 1e999}]}'
    listing = Listing(body, "runs", parsers.run)
    assert ([run.id for run in listing], listing.skipped) == (["a", "b"], 8)


@pytest.mark.parametrize("id_", [".", ".."])
def test_an_id_that_fits_no_url_is_none(id_: str) -> None:
    body = json.dumps({"runs": [{"id": id_}, {"id": "..."}]}).encode()
    listing = Listing(body, "runs", parsers.run)
    assert ([run.id for run in listing], listing.skipped) == (["..."], 1)


@pytest.mark.parametrize(("depth", "ids", "skipped"), [(62, ["a", "b"], 0), (900, ["b"], 1)])
def test_a_row_nested_too_deep_is_counted(depth: int, ids: list[str], skipped: int) -> None:
    deep = b'{"id": "a", "x": ' + b"[" * depth + b"]" * depth + b"}"
    listing = Listing(b'{"runs": [' + deep + b', {"id": "b"}]}', "runs", parsers.run)
    assert ([run.id for run in listing], listing.skipped) == (ids, skipped)


@pytest.mark.parametrize("depth", [65, 400, 900])
def test_an_object_nested_too_deep_is_malformed(client: Client, served: Served, depth: int) -> None:
    deep = '{"run": {"id": "r1", "x": ' + '{"x": ' * depth + "0" + "}" * depth + "}}"
    served.on("GET /v1/loops/runs/r1", deep)
    with pytest.raises(errors.MalformedAnswer):
        client.get_run("r1")


def test_brackets_within_text_are_no_depth(client: Client, served: Served) -> None:
    served.on("GET /v1/loops/runs/r1", {"run": {"id": "r1", "name": "[" * 900}})
    assert client.get_run("r1").name == "[" * 900


def test_rows_left_out_on_purpose_are_not_skipped_ones() -> None:
    listing = Listing(
        b'{"runs": [{"id": "a"}, {"id": "b"}, {}]}', "runs", parsers.run, lambda run: run.id == "b"
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
def test_a_bad_envelope_is_an_error_at_once_and_no_empty_list(
    client: Client, served: Served, body: bytes
) -> None:
    served.on("GET /v1/loops/runs", Answer(200, body))
    with pytest.raises(errors.MalformedAnswer):
        client.list_runs()


@pytest.mark.parametrize("body", [*MALFORMED, b'{"run": {}}', b'{"run": []}', b'{"run": null}'])
def test_a_bad_detail_is_an_error(client: Client, served: Served, body: bytes) -> None:
    served.on("GET /v1/loops/runs/r1", Answer(200, body))
    with pytest.raises(errors.MalformedAnswer):
        client.get_run("r1")


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"id": "d1"', b"[]"])
def test_an_unreadable_answer_to_a_deactivation_may_hide_a_success(
    client: Client, served: Served, body: bytes
) -> None:
    served.on("POST /v1/loops/deployments/d1/deactivate", Answer(200, body))
    with pytest.raises(errors.MalformedAnswer) as caught:
        client.deactivate_deployment("d1")
    assert caught.value.may_have_been_received is True


def test_an_empty_list_is_empty(client: Client, served: Served) -> None:
    served.on("GET /v1/loops/deployments", '{"deployments": []}')
    listing = client.list_deployments()
    assert (list(listing), len(listing), listing.skipped) == ([], 0, 0)


@given(cut=st.integers(min_value=0))
def test_no_part_of_an_answer_passes_for_the_whole(cut: int) -> None:
    body = json.dumps({"runs": [{"id": "a", "status": {"name": "ACTIVE"}}, {"id": "b"}]}).encode()
    with pytest.raises(errors.MalformedAnswer):
        Listing(body[: cut % len(body)], "runs", parsers.run)
