"""Serves the answers of the simulator from memory, to any number of keys, in a process of its own.

Keys are `bench-1`, `bench-2` and so on; each sees an organisation that looks the same. After POST
/_bench/change, the organisation of the first key and of every tenth after it is as
it is an hour later; after another, as before. GET /_bench/requests
returns [key, URL] of each request since it was last asked, GET /_bench/counts how much there is.
The key GROWN sees an organisation that has GROWTH times as many runs.
"""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from bench.api_process import run_api, serve_api
from loopsweb.simulator import Simulator
from loopsweb.simulator.http_messages import Response
from loopsweb.simulator.wsgi import read_request

THREADS = 16
NOW = datetime(2026, 11, 23, 21, tzinfo=UTC)
HOUR = 3600.0
SECRET = "bench-"  # noqa: S105
CHANGED_EVERY = 10
GROWN, GROWTH = 1_000_000_000, 10


class RecordedApi:
    def __init__(self, *, runs: int, checkpoints_per_run: int) -> None:
        self.build_world = partial(
            Simulator, runs=runs, checkpoints_per_run=checkpoints_per_run, now=NOW
        )
        self.runs, self.world = runs, self.build_world()
        self.answers: dict[tuple[int, str, str], Response] = {}
        self.requests: list[tuple[str, str]] = []
        self.later: Simulator | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        if path.startswith("/_bench/"):
            return self.control(path, query, start_response)
        secret = environ.get("HTTP_AUTHORIZATION", "").rpartition(" ")[2]
        self.requests.append((secret, f"{path}?{query}" if query else path))
        number = int(secret.removeprefix(SECRET))
        later = self.later if number % CHANGED_EVERY == 1 else None
        world = self.build_grown() if number == GROWN else later or self.world
        asked = (id(world), path, query)
        if asked not in self.answers:
            given = environ | {"HTTP_AUTHORIZATION": "Api-Key demo-org-key"}
            given["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read())
            self.answers[asked] = world.handle_request(read_request(given))
        answer = self.answers[asked]
        headers = [("Content-Type", answer.content_type), *answer.headers]
        start_response(answer.status_line, headers)
        return [answer.body]

    @cache  # noqa: B019 (one of these lives as long as the process)
    def build_later(self) -> Simulator:
        later = self.build_world()
        later.advance(HOUR)
        return later

    @cache  # noqa: B019
    def build_grown(self) -> Simulator:
        return self.build_world(runs=GROWTH * self.runs)

    def control(self, path: str, query: str, start_response: StartResponse) -> Iterable[bytes]:
        answer: object = None
        if path == "/_bench/requests":
            answer, self.requests = self.requests, []
        elif path == "/_bench/counts":
            world = (self.build_grown() if query == f"key={GROWN}" else self.world).world
            answer = {"runs": len(world.runs), "checkpoints": len(world.checkpoints)}
        elif path == "/_bench/change":
            self.later = None if self.later else self.build_later()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]


def run_recorded_api(**sizes: Any) -> AbstractContextManager[str]:
    """Yields its URL."""
    return run_api("bench.recorded_api", json.dumps(sizes))


if __name__ == "__main__":
    logging.getLogger("waitress").setLevel(logging.ERROR)
    serve_api(RecordedApi(**json.loads(sys.argv[1])), threads=THREADS)
