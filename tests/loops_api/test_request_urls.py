"""Any ID is one path segment, and the origin is always the base URL's."""

from __future__ import annotations

from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.loops_api import Client
from loopsweb.loops_api.request_urls import build_url, parse_base_url
from tests.loops_api.conftest import KEY
from tests.loops_api.scripted_server import ScriptedServer

BASE = parse_base_url("https://api.example.test:8443/loops/")
ROUTE = "/v1/loops/runs/{}/deactivate"

no_surrogates = st.characters(exclude_categories=["Cs"])
ids = st.text(no_surrogates, min_size=1).filter(lambda text: text not in {".", ".."})


@given(run_id=ids)
def test_an_id_is_one_path_segment(run_id: str) -> None:
    url = build_url(BASE, ROUTE, (run_id,), {})
    assert (url.scheme, url.host, url.port, url.query) == ("https", "api.example.test", 8443, b"")
    segments = url.raw_path.decode().split("/")
    assert [*segments[:5], *segments[6:]] == ["", "loops", "v1", "loops", "runs", "deactivate"]
    assert unquote(segments[5]) == run_id


@pytest.mark.parametrize(
    ("run_id", "segment"),
    [
        ("../x", "..%2Fx"),
        ("a/b?c", "a%2Fb%3Fc"),
        ("a#b", "a%23b"),
        ("%2e%2e", "%252e%252e"),
        ("a\\..\\b", "a%5C..%5Cb"),
        ("@evil.test", "%40evil.test"),
        ("{}", "%7B%7D"),
        ("é", "%C3%A9"),
        ("a\r\nHost: evil", "a%0D%0AHost%3A%20evil"),
    ],
)
def test_hostile_ids_are_quoted(run_id: str, segment: str) -> None:
    url = build_url(BASE, ROUTE, (run_id,), {})
    assert url.raw_path == f"/loops/v1/loops/runs/{segment}/deactivate".encode()


@pytest.mark.parametrize("run_id", ["", ".", ".."])
def test_an_id_that_cannot_be_a_segment_is_refused(
    client: Client, server: ScriptedServer, run_id: str
) -> None:
    for call in (client.get_run, client.deactivate_run, client.get_session, client.list_files):
        with pytest.raises(ValueError, match="is not an ID"):
            call(run_id)
    assert server.requests == []


@given(value=st.text(no_surrogates))
def test_a_query_value_is_quoted(value: str) -> None:
    url = build_url(BASE, "/v1/loops/runs", (), {"run_id": value, "scope": None})
    assert url.raw_path.startswith(b"/loops/v1/loops/runs?run_id=")
    assert httpx.QueryParams(url.query) == httpx.QueryParams({"run_id": value})


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.example.test",
        "ftp://api.example.test",
        "https://",
        "https://alice:secret@api.example.test",
        "https://api.example.test?x=1",
        "https://api.example.test/#x",
        "https://api.example.test:99999999",
        "https://[::1",
        "file:///etc/passwd",
    ],
)
def test_an_invalid_base_url_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match=r"^An API URL .*\.$"):
        Client(base_url=base_url, key=KEY)
