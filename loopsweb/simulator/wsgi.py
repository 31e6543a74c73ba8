"""Converts WSGI environs to requests, and responses to WSGI."""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from loopsweb.simulator.http_messages import Request, Response

MAX_BODY_BYTES = 1024 * 1024


def read_request(environ: WSGIEnvironment) -> Request:
    """The request of a WSGI environ, with at most the first megabyte of its body."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    length = environ.get("CONTENT_LENGTH") or "0"
    size = min(int(length), MAX_BODY_BYTES) if length.isdigit() else 0
    name = environ["SERVER_NAME"]
    named = f"[{name}]" if ":" in name else name
    host = headers.get("host") or f"{named}:{environ['SERVER_PORT']}"
    return Request(
        method=environ["REQUEST_METHOD"],
        path=decode_path(environ.get("PATH_INFO", "/")),
        query_string=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=environ["wsgi.input"].read(size) if size else b"",
        origin=f"{environ['wsgi.url_scheme']}://{host}",
    )


def decode_path(path: str) -> str:
    """A path as text. WSGI encodes its bytes as Latin-1; some test transports do not."""
    try:
        return path.encode("latin-1").decode()
    except UnicodeError:
        return path


def send_response(
    response: Response, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Start the response and return its body."""
    length = len(response.body) if response.length is None else response.length
    headers = [("Content-Type", response.content_type), ("Content-Length", str(length))]
    start_response(response.status_line, headers + response.headers)
    if environ["REQUEST_METHOD"] == "HEAD":
        return ()
    return (response.body,) if response.chunks is None else response.chunks
