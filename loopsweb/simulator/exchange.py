"""One request and its answer, free of WSGI."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import Any
from urllib.parse import parse_qsl

JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Request:
    """A request as recorded. Header names are in lower case; the last of repeated queries wins."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    origin: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The query's values by name, blank ones kept."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The parsed body; None when there is none."""
        return json.loads(self.body) if self.body else None


@dataclass
class Answer:
    """A status, a body and its type. `chunks` replaces `body` where it is large or broken."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: list[tuple[str, str]] = field(default_factory=list)
    chunks: Iterable[bytes] | None = None
    length: int | None = None

    @property
    def status_line(self) -> str:
        return f"{self.status} {responses.get(self.status, 'Unknown')}"


class Refusal(Exception):
    """The API says no: an HTTP status, a sentence, and where there is one a stable reason."""

    def __init__(self, status: int, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason


def dumps(value: Any) -> bytes:
    """Compact JSON in UTF-8; lone surrogates are escaped."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def answer(value: Any, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(status, dumps(value))


def listing(name: str, pieces: Iterable[bytes]) -> Answer:
    """A JSON object with one array, put together from ready-made pieces."""
    return Answer(200, b'{"' + name.encode() + b'":[' + b",".join(pieces) + b"]}")
