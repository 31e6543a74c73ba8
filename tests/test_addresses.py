from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.addresses import (
    UNREACHABLE,
    is_loopback,
    normalize_api_url,
    normalize_host,
    normalize_host_pattern,
    normalize_origin_pattern,
    normalize_server_host,
    normalize_url,
    parse_client_address,
)


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
    assert normalize_url(text) == normalized


SPELLINGS = st.tuples(
    st.sampled_from(["https", "HTTPS", "Https"]),
    st.sampled_from(["api.baseten.co", "API.baseten.CO", "api.baseten.co."]),
    st.sampled_from(["", ":443", ":"]),
    st.sampled_from(["", "/", "//"]),
)


@given(SPELLINGS)
def test_every_spelling_of_a_url_is_one(parts: tuple[str, ...]) -> None:
    scheme, *rest = parts
    assert normalize_url(f"{scheme}://{''.join(rest)}") == "https://api.baseten.co"


@given(st.text(), st.sampled_from(["", "http://", "https://h", "https://h/"]))
def test_any_text_is_normalized_once_or_refused(text: str, before: str) -> None:
    try:
        normalized = normalize_url(before + text)
    except ValueError as error:
        assert str(error).startswith("must ")  # noqa: PT017
        return
    assert normalize_url(normalized) == normalized
    assert urlsplit(normalized).scheme in {"http", "https"}


@pytest.mark.parametrize("text", ["https://loops.internal", "loops.internal:8443", "loops/x"])
def test_a_host_is_not_a_url(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be a host name without scheme, port or path\.$"):
        normalize_host(text)


@pytest.mark.parametrize("host", ["Loops.Internal", "loops.internal.", "LOOPS.INTERNAL"])
def test_one_host_has_one_name(host: str) -> None:
    assert normalize_host(host) == "loops.internal"


IMPOSSIBLE = ["*.x", "a..b", "a_b.c", "-a.b", "a-.b", "a!b", "1.2.3", "256.1.1.1", "a" * 64, "a.7"]


@pytest.mark.parametrize("host", [*IMPOSSIBLE, "a." * 127 + "b"])
def test_a_host_that_there_cannot_be_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=f"^{UNREACHABLE}$"):
        normalize_server_host(host)
    with pytest.raises(ValueError, match=f"^{UNREACHABLE}$"):
        normalize_api_url(f"https://{host}")


@pytest.mark.parametrize(
    "host", ["api", "a-b.c", "1a.b", "xn--lps-snaa.example", "10.0.0.7", "::1"]
)
def test_hosts_that_there_can_be_are_taken(host: str) -> None:
    assert normalize_server_host(host).strip("[]") == host


def test_only_what_trusts_many_hosts_takes_patterns() -> None:
    assert normalize_host_pattern("*") == "*"
    assert normalize_host_pattern(".Example.org") == ".example.org"
    assert normalize_origin_pattern("https://*.Example.org") == "https://*.example.org"
    for normalize, text in (
        (normalize_host_pattern, "*.example.org"),
        (normalize_host_pattern, "..example.org"),
        (normalize_origin_pattern, "https://*"),
        (normalize_origin_pattern, "https://*.*.org"),
    ):
        with pytest.raises(ValueError, match=r"^must name a host that there can be"):
            normalize(text)


def test_this_machine_has_three_names() -> None:
    own = ["localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"]
    others = ["x.localhost", "localhost.example.com", "10.0.0.1", "::", "[fe80::1]", ""]
    assert [host for host in own + others if is_loopback(host)] == own


@given(st.ip_addresses(), st.integers(0, 65535), st.sampled_from(["{}", " {} ", '"{}"']))
def test_a_reported_address_is_read_with_and_without_a_port(
    ip: IPv4Address | IPv6Address, port: int, around: str
) -> None:
    in_brackets = f"[{ip}]" if ip.version == 6 else str(ip)
    mapped = getattr(ip, "ipv4_mapped", None)
    for text in (str(ip), in_brackets, f"{in_brackets}:{port}"):
        assert parse_client_address(around.format(text)) == str(mapped or ip)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_the_ipv4_address(ip: IPv4Address) -> None:
    assert parse_client_address(f"[::ffff:{ip}]:443") == str(ip)


PIECES = st.sampled_from([":", "[", "]", '"', "%", ".", "1.2.3.4", "::1", "443", "unknown", " "])


@given(st.text() | st.lists(PIECES).map("".join))
def test_a_reported_address_is_an_ip_address_or_none(text: str) -> None:
    address = parse_client_address(text)
    assert address == "" or str(ip_address(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4:x", "1.2.3.4 5.6.7.8",
     "[1.2.3.4", "localhost", "1.2.3.4:123456", "[::1]x"],
)  # fmt: skip
def test_garbage_is_no_address(text: str) -> None:
    assert parse_client_address(text) == ""
