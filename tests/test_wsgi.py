from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from loopsweb.wsgi import strip_head_body
from tests.servers import serve_wsgi

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

PAGE = b"0123456789"


class Streamed:
    """A streamed response that records whether it was closed."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter([PAGE, PAGE])

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def streamed() -> Streamed:
    return Streamed()


@pytest.fixture
def port(streamed: Streamed) -> Iterator[int]:
    def site(environ: WSGIEnvironment, start_response: StartResponse) -> Streamed | list[bytes]:
        if environ["PATH_INFO"] == "/streamed":
            start_response("200 OK", [])
            return streamed
        start_response("200 OK", [("Content-Length", str(len(PAGE)))])
        return [PAGE]

    with serve_wsgi(strip_head_body(site), threads=1) as port:
        yield port


def send_request(port: int, method: str, path: str) -> tuple[bytes, bytes]:
    """Return the header and the body of the raw response."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as line:
        line.sendall(f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        said = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = said.partition(b"\r\n\r\n")
    return head, body


@pytest.mark.parametrize(("path", "length"), [("/", 10), ("/streamed", 20)])
def test_head_has_the_length_and_no_body(
    port: int, path: str, length: int, streamed: Streamed
) -> None:
    head, body = send_request(port, "HEAD", path)
    assert (f"Content-Length: {length}".encode() in head, body) == (True, b"")
    assert streamed.closed is (path == "/streamed")


def test_get_has_the_body(port: int) -> None:
    assert send_request(port, "GET", "/")[1] == PAGE


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 3\r\nContent-Length: 4",
        b"Content-Length: 3\r\nTransfer-Encoding: gzip",
        b"Content-Length: -3",
    ],
)
def test_ambiguous_lengths_are_refused(headers: bytes, port: int) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n\r\nabcd")
        assert line.recv(65536).startswith((b"HTTP/1.1 400", b"HTTP/1.0 400", b"HTTP/1.1 501"))
