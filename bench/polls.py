from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

import httpx
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import timing, world
from loopsweb.keys.models import Key
from loopsweb.loops_api.row_lists import Listing

WRITES = ("INSERT", "UPDATE", "DELETE")
SETTLED_AFTER = 20


@dataclass
class Poll:
    requests: list[str]
    parses: int
    queries: int
    writes: list[str]


def measure(*, runs: int, api: str) -> None:
    key = world.settle(name="polled", api=api)
    unchanged = watched_poll(key)
    for _ in range(SETTLED_AFTER):
        if unchanged.parses == 0:
            break
        unchanged = watched_poll(key)
    with httpx.Client(headers={"Authorization": "Api-Key demo-org-key"}, timeout=60) as plain:

        def fetch() -> int:
            answers = [plain.get(api + url) for url in unchanged.requests]
            assert {answer.status_code for answer in answers} == {httpx.codes.OK}
            return sum(len(answer.content) for answer in answers)

        size = fetch()
        spent = timing.medians({"poll": partial(world.poll, key), "plain": fetch}, rounds=40)
    what, beside = f"An unchanged poll of {runs} runs", "plain httpx, the same URLs"
    print(timing.line(what, spent["poll"], beside, spent["plain"]))
    elsewhere = [write for write in unchanged.writes if "_pollstate" not in write]
    print(
        f"  It made {len(unchanged.requests)} requests ({size:,} bytes), parsed "
        f"{unchanged.parses} lists, and asked the database {unchanged.queries} times: "
        f"{len(unchanged.writes)} writes, {len(elsewhere)} of them to more than its own schedule."
    )


def watched_poll(key: Key) -> Poll:
    api, parses = key.api_url, 0
    before = len(recorded(api))
    with counted_parses() as looked_at, CaptureQueriesContext(connection) as captured:
        world.poll(key)
        parses = len(looked_at)
    statements = [query["sql"] for query in captured.captured_queries]
    return Poll(
        requests=[f"{r['path']}?{urlencode(r['query'])}" for r in recorded(api)[before:]],
        parses=parses,
        queries=len(statements),
        writes=[statement for statement in statements if statement.startswith(WRITES)],
    )


@contextmanager
def counted_parses() -> Iterator[list[str]]:
    """The lists whose rows somebody looked at."""
    seen: list[str] = []
    look = Listing.__iter__

    def looked_at(self: Listing[Any]) -> Iterator[Any]:
        seen.append(repr(self))
        return look(self)

    Listing.__iter__ = looked_at  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        Listing.__iter__ = look  # type: ignore[method-assign]


def recorded(api: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{api}/_simulator/requests").json()["requests"]
    return found
