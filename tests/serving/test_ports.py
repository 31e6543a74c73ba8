from __future__ import annotations

import socket

import pytest
from django.core.management.base import CommandError

from loopsweb.serving.ports import format_url, open_listener


def test_a_port_in_use_fails_with_a_message() -> None:
    with open_listener(host="127.0.0.1", port=0, instead="") as first:
        port = first.getsockname()[1]
        with pytest.raises(CommandError) as refused:
            open_listener(host="127.0.0.1", port=port, instead="--port 1")
    assert str(refused.value) == (
        f"Port {port} on 127.0.0.1 is already in use. "
        "Stop the other program or choose another port: --port 1"
    )


def test_listening_on_a_foreign_host_fails_with_a_message() -> None:
    with pytest.raises(CommandError) as refused:
        open_listener(host="192.0.2.1", port=8000, instead="")
    assert str(refused.value).startswith("Cannot listen on 192.0.2.1 port 8000: ")


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104
        ("::1", "http://[::1]:8000"),
        ("[::1]", "http://[::1]:8000"),
        ("::", "http://[::1]:8000"),
        ("[::]", "http://[::1]:8000"),
        ("loops.example.com", "http://loops.example.com:8000"),
    ],
)
def test_the_printed_url_can_be_opened(host: str, shown: str) -> None:
    assert format_url(host=host, port=8000) == shown


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_ipv6_is_listened_on(host: str) -> None:
    with open_listener(host=host, port=0, instead="") as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("::1", port), timeout=5) as connection:
            assert connection.getpeername()[:2] == ("::1", port)
