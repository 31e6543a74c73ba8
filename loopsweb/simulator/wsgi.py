"""Between WSGI and a request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .exchange import Answer, Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LONGEST_BODY = 1024 * 1024


def read(environ: WSGIEnvironment) -> Request:
    """The request in a WSGI environ; of a body, the first megabyte."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    length = environ.get("CONTENT_LENGTH") or "0"
    size = min(int(length), LONGEST_BODY) if length.isdigit() else 0
    host = headers.get("host") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return Request(
        method=environ["REQUEST_METHOD"],
        path=decoded(environ.get("PATH_INFO", "/")),
        query_string=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=environ["wsgi.input"].read(size) if size else b"",
        origin=f"{environ['wsgi.url_scheme']}://{host}",
    )


def decoded(path: str) -> str:
    """A path as text. WSGI wraps its bytes in Latin-1; some test transports do not."""
    try:
        return path.encode("latin-1").decode()
    except UnicodeError:
        return path


def send(
    answer: Answer, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Start the response and hand over its body."""
    length = len(answer.body) if answer.length is None else answer.length
    headers = [
        ("Content-Type", answer.content_type),
        ("Content-Length", str(length)),
        *answer.headers,
    ]
    start_response(answer.status_line, headers)
    if environ["REQUEST_METHOD"] == "HEAD":
        return ()
    return (answer.body,) if answer.chunks is None else answer.chunks
