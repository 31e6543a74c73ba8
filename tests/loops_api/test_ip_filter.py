from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.loops_api import Client, errors, ip_filter
from tests.loops_api.raw_server import run_raw_server, send_parts


@pytest.mark.parametrize(
    "ip",
    [
        "169.254.169.254",
        "169.254.170.2",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "2002:a9fe:a9fe::",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "::ffff:168.63.129.16",
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b::100.100.100.200",
        "64:ff9b::0.0.0.0",
        "fec0::1",
        "feff::1",
        "0.0.0.0",  # noqa: S104
        "::",
        "224.0.0.1",
    ],
)
def test_an_address_is_always_blocked(ip: str) -> None:
    for host in ("api.example.test", "localhost", ip):
        assert ip_filter.is_blocked(ip, host=host) is True


PRIVATE = [
    "127.0.0.1", "::1", "10.0.0.7", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd00::1",
    "::ffff:10.0.0.7", "::10.0.0.7", "::ffff:0:10.0.0.7", "64:ff9b::10.0.0.7",
    "64:ff9b:1::127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("ip", PRIVATE)
def test_a_private_address_is_blocked_unless_allowed(
    ip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ip_filter, "_private_hosts", set())
    hosts = ("api.example.test", "api.baseten.co", "localhost", "LOCALHOST", ip)
    never = [ip_filter.is_blocked(ip, host=host) for host in hosts]
    assert never == [True, True, False, False, False]
    ip_filter.allow_private_hosts(["API.example.test"])
    never = [ip_filter.is_blocked(ip, host=host) for host in hosts]
    assert never == [False, True, False, False, False]


@pytest.mark.parametrize(
    "ip",
    [
        "104.18.0.1",
        "168.63.129.17",
        "2606:4700::1",
        "::ffff:104.18.0.1",
        "64:ff9b::104.18.0.1",
        "2002:6812:1::",
    ],
)
def test_a_public_address_is_asked(ip: str) -> None:
    assert ip_filter.is_blocked(ip, host="api.example.test") is False


@pytest.mark.parametrize("before", ["::", "::ffff:", "::ffff:0:", "64:ff9b::", "64:ff9b:1:7::"])
@given(ip=st.ip_addresses(network="169.254.0.0/16"))
def test_no_link_local_address_within_ipv6(before: str, ip: ipaddress.IPv4Address) -> None:
    assert ip_filter.is_blocked(f"{before}{ip}", host=str(ip)) is True


def test_a_public_name_that_leads_home_is_sent_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    received = tmp_path / "received"

    def listen(connection: socket.socket, over: object) -> None:
        if connection.recv(1):
            received.write_text("something")

    with run_raw_server(listen, reads_first=False) as base_url:
        found = socket.getaddrinfo("127.0.0.1", int(base_url.rpartition(":")[2]))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        named = base_url.replace("127.0.0.1", "api.example.test")
        with pytest.raises(errors.ConnectionFailed) as caught:
            Client(base_url=named, key="AbCdEfGh.0123").create_session()

    assert caught.value.may_have_been_received is False
    assert received.exists() is False


def test_nothing_is_sent_to_a_blocked_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = frozenset([ipaddress.ip_address("127.0.0.1")])
    monkeypatch.setattr(ip_filter, "_METADATA_SERVICES", here)
    received = tmp_path / "received"

    def listen(connection: object, over: object) -> None:
        received.write_text("something")

    with run_raw_server(listen) as base_url, pytest.raises(errors.ConnectionFailed) as caught:
        Client(base_url=base_url, key="AbCdEfGh.0123").create_session()

    assert caught.value.may_have_been_received is False
    assert received.exists() is False


def test_an_allowed_address_is_reached() -> None:
    body = b'{"session": {"id": "s1"}}'
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with run_raw_server(send_parts(head, body)) as base_url:
        assert Client(base_url=base_url, key="AbCdEfGh.0123").create_session().id == "s1"
