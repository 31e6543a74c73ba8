"""Iterating over the pages of a checkpoint's files."""

from __future__ import annotations

from itertools import islice

import pytest

from loopsweb.loops_api import Client, errors
from tests.loops_api.scripted_server import ScriptedServer

ROUTE = "GET /v1/loops/checkpoints/c1/files"
URL = "https://bucket.example.test/part?X-Amz-Signature=5ecre7"


def build_page(*names: str, next_page_token: object) -> dict[str, object]:
    return {
        "presigned_urls": [{"url": URL, "relative_file_name": name} for name in names],
        "next_page_token": next_page_token,
        "total_count": 3,
    }


def test_every_page_is_iterated(client: Client, server: ScriptedServer) -> None:
    server.set_responses(
        ROUTE, build_page("a", "b", next_page_token=2), build_page("c", next_page_token=None)
    )
    names = [file.relative_file_name for file in client.iter_files("c1", page_size=2)]
    assert names == ["a", "b", "c"]
    assert [request.query for request in server.requests] == [
        "page_size=2&page_token=0",
        "page_size=2&page_token=2",
    ]


def test_a_page_is_requested_when_it_is_reached(client: Client, server: ScriptedServer) -> None:
    server.set_responses(ROUTE, build_page("a", next_page_token=1))
    assert [f.relative_file_name for f in islice(client.iter_files("c1"), 1)] == ["a"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("token", [0, -1, "2", 1.5, True])
def test_a_token_that_does_not_advance_is_an_error(
    client: Client, server: ScriptedServer, token: object
) -> None:
    server.set_responses(ROUTE, build_page("a", next_page_token=token))
    with pytest.raises(errors.MalformedResponse):
        list(client.iter_files("c1"))


def test_an_empty_page_with_a_token_is_an_error(client: Client, server: ScriptedServer) -> None:
    server.set_responses(ROUTE, build_page(next_page_token=1))
    with pytest.raises(errors.MalformedResponse):
        list(client.iter_files("c1"))
    assert len(server.requests) == 1


def test_a_presigned_url_is_in_no_repr(client: Client, server: ScriptedServer) -> None:
    server.set_responses(ROUTE, build_page("a", next_page_token=None))
    found = client.list_files("c1")
    assert found.files[0].url == URL
    assert (
        repr(found) == "FilePage(files=(CheckpointFile('a', size_bytes=None),), "
        "next_page_token=None, total_count=3)"
    )


def test_an_entry_without_a_url_is_skipped(client: Client, server: ScriptedServer) -> None:
    server.set_responses(ROUTE, {"presigned_urls": [{"url": None}, "x"], "total_count": 2})
    assert (client.list_files("c1").files, client.list_files("c1").total_count) == ((), 2)
