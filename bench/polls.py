"""An unchanged poll, beside asking the same URLs without anything else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench import timing, world
from bench.figures import Besides, Figure
from bench.sizes import Sizes
from loopsweb.keys.models import Key
from loopsweb.loops_api import transport
from loopsweb.loops_api.lazy_list import LazyList
from loopsweb.loops_api.throttle import Throttle
from loopsweb.resources.models import Deployment

WRITE_STATEMENTS = ("INSERT", "UPDATE", "DELETE")
MAX_SETTLING_POLLS = 20


@dataclass
class PollCost:
    requests: list[str]
    parses: int
    queries: int
    writes: list[str]


def measure(sizes: Sizes, *, api: str) -> Iterator[Figure]:
    key = world.create_polled_key(api)
    never = timezone.now() + timedelta(days=3650)
    Deployment.objects.update(ask_metrics_at=never)  # lists are measured: metrics come in turn
    for _ in range(MAX_SETTLING_POLLS):
        if measure_poll(key).parses == 0:
            break
    unchanged = measure_poll(key)  # the one before planned anew what to ask
    with httpx.Client(headers={"Authorization": "Api-Key demo-org-key"}, timeout=60) as plain:

        def fetch() -> None:
            answers = [plain.get(api + url) for url in unchanged.requests]
            assert {answer.status_code for answer in answers} == {httpx.codes.OK}

        def poll() -> None:
            """As seconds after the one before: no request has to wait for its turn."""
            transport.throttle = Throttle(time.monotonic)
            world.poll(key)

        spent = timing.measure_medians({"poll": poll, "plain": fetch}, rounds=sizes.rounds)
    name = f"poll of {sizes.polled:,} runs, nothing changed"
    requests: Besides = {"requests": (float(len(unchanged.requests)), None, "")}
    yield Figure(name, spent["poll"] * 1000, spent["plain"] * 1000, 1.5, besides=requests)
    yield Figure(f"{name}: statements", unchanged.queries, None, 6, unit="")
    yield Figure(f"{name}: writing statements", len(unchanged.writes), None, 1, unit="")


def measure_poll(key: Key) -> PollCost:
    api, parses = key.api_url, 0
    before = len(fetch_recorded_requests(api))
    with count_parses() as parsed, CaptureQueriesContext(connection) as captured:
        world.poll(key)
        parses = len(parsed)
    statements = [query["sql"] for query in captured.captured_queries]
    return PollCost(
        requests=[
            f"{r['path']}?{urlencode(r['query'])}" for r in fetch_recorded_requests(api)[before:]
        ],
        parses=parses,
        queries=len(statements),
        writes=[statement for statement in statements if statement.startswith(WRITE_STATEMENTS)],
    )


@contextmanager
def count_parses() -> Iterator[list[str]]:
    """Yields the lists that are iterated, and so parsed."""
    parsed: list[str] = []
    iterate = LazyList.__iter__

    def iterate_and_count(self: LazyList[Any]) -> Iterator[Any]:
        parsed.append(repr(self))
        return iterate(self)

    LazyList.__iter__ = iterate_and_count  # type: ignore[method-assign]
    try:
        yield parsed
    finally:
        LazyList.__iter__ = iterate  # type: ignore[method-assign]


def fetch_recorded_requests(api: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{api}/_simulator/requests").json()["requests"]
    return found
