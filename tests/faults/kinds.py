"""The kinds of faults: each a context manager that has the fault while it is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import psycopg

from loopsweb.simulator.dispatcher import Dispatcher
from tests.faults.freezing import find_postgresql_pid, find_redis_pid, freeze
from tests.faults.stack import SECRET, FaultStack
from tests.processes import ROOT

SLOW_SECONDS = 15

Kind = Callable[[FaultStack], AbstractContextManager[None]]


@contextmanager
def answer(mode: str, stack: FaultStack, **details: Any) -> Iterator[None]:
    """Every answer of the API is of this mode."""
    stack.api.add_fault("*", mode, count=None, **details)
    try:
        yield
    finally:
        stack.api.clear_faults()


def answer_with(mode: str, **details: Any) -> Kind:
    return partial(answer, mode, **details)


@contextmanager
def be_another_generation(stack: FaultStack) -> Iterator[None]:
    """An older server answers: fewer routes, fewer fields."""
    api = stack.api
    before, older = api.dispatcher, Dispatcher(api.world, api.lifecycle, "documented")
    api.dispatcher = older
    try:
        yield
    finally:
        api.dispatcher = before


@contextmanager
def revoke_key(stack: FaultStack) -> Iterator[None]:
    key = stack.api.world.keys.pop(SECRET)
    try:
        yield
    finally:
        stack.api.world.keys[SECRET] = key


@contextmanager
def kill(service: str, stack: FaultStack) -> Iterator[None]:
    """It is down for a while."""
    stack.services.kill(service)
    try:
        yield
    finally:
        stack.services.start(service)


@contextmanager
def skew_worker(seconds: int, stack: FaultStack) -> Iterator[None]:
    stack.services.kill("worker")
    clock = {"PYTHONPATH": str(ROOT / "tests/faults/skewed"), "SKEW_SECONDS": str(seconds)}
    stack.services.start("worker", **clock)
    try:
        yield
    finally:
        stack.services.kill("worker")
        stack.services.start("worker")


@contextmanager
def cut_connections(stack: FaultStack) -> Iterator[None]:
    with psycopg.connect(stack.postgresql_url, autocommit=True) as connection:
        database = stack.services.site.environment["DATABASE_URL"].rpartition("/")[2]
        everyone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(everyone, [database])
    yield


def freeze_postgresql(stack: FaultStack) -> AbstractContextManager[None]:
    return freeze(find_postgresql_pid(stack.postgresql_url))


def freeze_redis(stack: FaultStack) -> AbstractContextManager[None]:
    return freeze(find_redis_pid(stack.redis_url))


API_KINDS: dict[str, Kind] = {
    "429": answer_with("rate_limit", retry_after=2),
    "500": answer_with("status", status=500),
    "401": answer_with("status", status=401),
    "403": answer_with("status", status=403),
    "404": answer_with("status", status=404),
    "an empty object": answer_with("status", status=200, body={}),
    "a list": answer_with("status", status=200, body=[]),
    "HTML": answer_with("html"),
    "half an answer": answer_with("truncated"),
    "no body": answer_with("empty"),
    "a cut connection": answer_with("reset"),
    "slow": answer_with("slow", seconds=SLOW_SECONDS),
    "another generation": be_another_generation,
    "revoked key": revoke_key,
}
KINDS: dict[str, Kind] = {
    **API_KINDS,
    "no web server": partial(kill, "web"),
    "no worker": partial(kill, "worker"),
    "no beat": partial(kill, "beat"),
    "worker ahead": partial(skew_worker, 60),
    "worker behind": partial(skew_worker, -60),
    "cut database connections": cut_connections,
    "frozen database": freeze_postgresql,
    "frozen Redis": freeze_redis,
}
