"""A server whose answers a test writes down, and which remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NO_ROUTE = b'{"message": "no such route"}'


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class Served:
    """`on("GET /v1/x", …)` sets what a route answers: one answer for ever, or several in turn."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Answer]] = {}

    def on(self, route: str, *answers: Answer | dict[str, Any] | str | bytes) -> None:
        self._answers[route] = [_answer(given) for given in answers]

    @property
    def routes(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = Asked(
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"],
            query=environ["QUERY_STRING"],
            headers={n[5:].lower(): v for n, v in environ.items() if n.startswith("HTTP_")},
            body=environ["wsgi.input"].read(),
        )
        self.asked.append(asked)
        answers = self._answers.get(f"{asked.method} {asked.path}", [Answer(404, NO_ROUTE)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        start_response(f"{answer.status} -", list(answer.headers.items()))
        return [answer.body]


def _answer(given: Answer | dict[str, Any] | str | bytes) -> Answer:
    match given:
        case Answer():
            return given
        case bytes():
            return Answer(body=given)
        case str():
            return Answer(body=given.encode())
    return Answer(body=json.dumps(given).encode())
