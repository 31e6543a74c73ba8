"""HTTP requests, responses and errors, independent of WSGI."""

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
    """A recorded request. Header names are in lower case. Of repeated queries the last counts."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    origin: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The query values by name, empty ones included."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    def parse_body(self) -> dict[str, Any]:
        """The JSON object sent, or {} for an empty body. Anything else is 400."""
        try:
            body = json.loads(self.body or b"{}")
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            raise ApiError(400, "The request body is not valid JSON.") from None
        if not isinstance(body, dict):
            raise ApiError(400, "The request body must be a JSON object.")
        return body


@dataclass
class Response:
    """`chunks`, with `length`, replaces `body` where the body is large or cut."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: list[tuple[str, str]] = field(default_factory=list)
    chunks: Iterable[bytes] | None = None
    length: int | None = None

    @property
    def status_line(self) -> str:
        return f"{self.status} {responses.get(self.status, 'Unknown')}"


class ApiError(Exception):
    """An error response: HTTP status, message, and the stable reason if there is one."""

    def __init__(self, status: int, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason


def encode_json(value: Any) -> bytes:
    """Compact JSON in UTF-8 with lone surrogates escaped."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def respond_json(value: Any) -> Response:
    return Response(body=encode_json(value))
