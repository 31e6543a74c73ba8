"""A server that sends scripted responses and records its requests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NO_ROUTE = b'{"message": "no such route"}'


@dataclass(frozen=True)
class ScriptedResponse:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReceivedRequest:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class ScriptedServer:
    """A WSGI application. A route without scripted responses is 404."""

    def __init__(self) -> None:
        self.requests: list[ReceivedRequest] = []
        self._responses: dict[str, list[ScriptedResponse]] = {}

    def set_responses(
        self, route: str, *responses: ScriptedResponse | dict[str, Any] | str | bytes
    ) -> None:
        self._responses[route] = [_build_response(given) for given in responses]

    @property
    def routes(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = ReceivedRequest(
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"],
            query=environ["QUERY_STRING"],
            headers={n[5:].lower(): v for n, v in environ.items() if n.startswith("HTTP_")},
            body=environ["wsgi.input"].read(),
        )
        self.requests.append(request)
        responses = self._responses.get(
            f"{request.method} {request.path}", [ScriptedResponse(404, NO_ROUTE)]
        )
        response = responses.pop(0) if len(responses) > 1 else responses[0]
        start_response(f"{response.status} -", list(response.headers.items()))
        return [response.body]


def _build_response(given: ScriptedResponse | dict[str, Any] | str | bytes) -> ScriptedResponse:
    match given:
        case ScriptedResponse():
            return given
        case bytes():
            return ScriptedResponse(body=given)
        case str():
            return ScriptedResponse(body=given.encode())
    return ScriptedResponse(body=json.dumps(given).encode())
