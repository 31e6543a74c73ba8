from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.api_urls import normalize_api_url, normalize_host


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("https://api.baseten.co", "https://api.baseten.co"),
        ("https://api.baseten.co/", "https://api.baseten.co"),
        ("https://api.baseten.co//", "https://api.baseten.co"),
        ("HTTPS://API.Baseten.co:443/", "https://api.baseten.co"),
        ("https://api.baseten.co.", "https://api.baseten.co"),
        ("https://api.baseten.co.:443/", "https://api.baseten.co"),
        ("https://api.baseten.co:", "https://api.baseten.co"),
        ("https://api.baseten.co:80", "https://api.baseten.co:80"),
        ("http://LOCALHOST:80", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("https://gateway.example/Loops/V1/", "https://gateway.example/Loops/V1"),
        ("https://Lööps.example", "https://xn--lps-snaa.example"),
        ("https://XN--LPS-SNAA.example", "https://xn--lps-snaa.example"),
        ("http://[0:0:0:0:0:0:0:1]:80/", "http://[::1]"),
        ("http://[FE80::A]:8080", "http://[fe80::a]:8080"),
        ("https://loops_api.internal", "https://loops_api.internal"),
    ],
)
def test_one_api_has_one_url(text: str, normalized: str) -> None:
    assert normalize_api_url(text) == normalized


SPELLINGS = st.tuples(
    st.sampled_from(["https", "HTTPS", "Https"]),
    st.sampled_from(["api.baseten.co", "API.baseten.CO", "api.baseten.co."]),
    st.sampled_from(["", ":443", ":"]),
    st.sampled_from(["", "/", "//"]),
)


@given(SPELLINGS)
def test_every_spelling_of_a_url_is_one(parts: tuple[str, ...]) -> None:
    scheme, *rest = parts
    assert normalize_api_url(f"{scheme}://{''.join(rest)}") == "https://api.baseten.co"


@given(st.text(), st.sampled_from(["", "http://", "https://h", "https://h/"]))
def test_any_text_is_normalized_once_or_refused(text: str, before: str) -> None:
    try:
        normalized = normalize_api_url(before + text)
    except ValueError as error:
        assert str(error).startswith("An API URL must ")  # noqa: PT017
        return
    assert normalize_api_url(normalized) == normalized
    assert urlsplit(normalized).scheme in {"http", "https"}


@pytest.mark.parametrize("host", ["Loops.Internal", "loops.internal.", "LOOPS.INTERNAL"])
def test_one_host_has_one_name(host: str) -> None:
    assert normalize_host(host) == "loops.internal"
