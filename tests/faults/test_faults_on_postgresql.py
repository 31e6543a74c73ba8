"""Faults of every kind: pages answer within seconds, nothing false is said, all recovers.

`make faults` has a longer run: FAULT_SECONDS, FAULT_SEED.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql

from tests import servers
from tests.faults.freezing import find_postgresql_pid, find_redis_pid, freeze
from tests.faults.kinds import API_KINDS, KINDS, SLOW_SECONDS
from tests.faults.stack import EMAIL, LAST_POLL, FaultStack, start_stack
from tests.processes import PASSWORD, wait_for
from tests.visitor import open_visitor

PAGES = ("", "runs/", "deployments/", "audit/")
SEED = int(os.environ.get("FAULT_SEED", "1"))
SECONDS = float(os.environ.get("FAULT_SECONDS", "25"))
RECOVERY_SECONDS = 30
OUTAGE = "loopsweb cannot use its database"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultStack]:
    with start_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@contextmanager
def block_database(server: str, database: str) -> Iterator[None]:
    """Refuse new connections to the database and close existing ones."""
    with psycopg.connect(server, autocommit=True) as connection:
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        name = sql.Identifier(database)
        connection.execute(allow.format(name, sql.SQL("false")))
        everyone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(everyone, [database])
        try:
            yield
        finally:
            connection.execute(allow.format(name, sql.SQL("true")))


def sign_in(stack: FaultStack, password: str) -> str:
    site = stack.services.site.address
    with httpx.Client(base_url=site, follow_redirects=True, timeout=10) as http:
        page = http.get("/accounts/login/")
        token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        sent = {"login": EMAIL, "password": password, "csrfmiddlewaretoken": token}
        return http.post("/accounts/login/", data=sent, headers={"Referer": site}).text


def test_after_faults_of_every_kind_the_snapshot_is_the_world(stack: FaultStack) -> None:
    chance = Random(SEED)  # noqa: S311
    before = stack.list_world()
    stopped = next(one for one, status in before["deployment"].items() if status == "RUNNING")
    stack.connect_api().deactivate_deployment(stopped)
    until, kinds = time.monotonic() + SECONDS, list[str]()
    while time.monotonic() < until:
        kinds = kinds or chance.sample(sorted(KINDS), len(KINDS))
        kind = kinds.pop()
        with KINDS[kind](stack):
            if kind in API_KINDS:  # no page waits for the API
                page = stack.visitor.get("/w/ada/runs/", timeout=SLOW_SECONDS / 2)
                assert page.status_code == 200, kind
            time.sleep(chance.uniform(0.5, 1.5) * max(1.0, SECONDS / 100))

    recovered_at = stack.fetch("SELECT now() AS at")[0]["at"]
    wait_for(lambda: stack.find_trouble(since=recovered_at) == [], timeout=RECOVERY_SECONDS)
    after = stack.list_world()
    assert stack.list_rows() == after
    changes = stack.fetch("SELECT noun, remote_id, new FROM resources_statuschange")
    assert sorted((one["noun"], one["remote_id"], one["new"]) for one in changes) == sorted(
        (noun, remote_id, status)
        for noun, statuses in after.items()
        for remote_id, status in statuses.items()
        if status != before[noun][remote_id]
    )
    stack.wait_until_ready()


def test_a_worker_that_is_stopped_hands_back_its_polls(stack: FaultStack) -> None:
    """Also the one that waits for an answer."""
    leased = "SELECT key_id FROM resources_pollstate WHERE leased_until IS NOT NULL"
    with KINDS["slow"](stack):
        stack.api.requests.clear()
        wait_for(lambda: stack.api.requests)
        worker = stack.services.worker.popen
        worker.terminate()
        worker.wait(SLOW_SECONDS * 0.8)
        assert stack.fetch(leased) == []
    stack.services.start("worker")
    stack.wait_until_ready()


def test_a_frozen_database(stack: FaultStack) -> None:
    with freeze(find_postgresql_pid(stack.postgresql_url)):
        for _ in range(6):
            answer = stack.visitor.get("/w/ada/runs/")
            assert (answer.status_code, OUTAGE in answer.text) == (503, True)
            assert stack.visitor.get("/healthz").text == "ok"
            assert stack.visitor.get("/readyz").text.startswith("database: failing\n")
    wait_for(lambda: "Qwen/Qwen3-8B" in stack.visitor.get("/w/ada/runs/").text)
    stack.wait_until_ready()


def test_while_everything_is_frozen_many_pages_hold_up_no_health_check(stack: FaultStack) -> None:
    """Without a pause after a failure, the pages would wait one after another: ten times one."""

    def open_page(_: int) -> tuple[int, float]:
        started = time.monotonic()
        answer = stack.visitor.get("/w/ada/runs/", timeout=60)
        return answer.status_code, time.monotonic() - started

    with (
        freeze(find_redis_pid(stack.redis_url)),
        freeze(find_postgresql_pid(stack.postgresql_url)),
        ThreadPoolExecutor(60) as pool,
    ):
        status, alone = open_page(0)
        assert status == 503
        for _ in range(3):  # the pauses of Redis and of the database end at different times
            time.sleep(2.1)
            pages = pool.map(open_page, range(40))
            started = time.monotonic()
            assert stack.visitor.get("/healthz").text == "ok"
            health = time.monotonic() - started
            statuses, waits = zip(*pages, strict=True)
            assert set(statuses) == {503}
            assert max(health, *waits) < 6 * alone
    stack.wait_until_ready()


def test_a_database_that_refuses_connections(stack: FaultStack) -> None:
    database = stack.services.site.environment["DATABASE_URL"].rpartition("/")[2]
    with block_database(stack.postgresql_url, database):
        answer = stack.visitor.get("/w/ada/runs/")
        assert (answer.status_code, OUTAGE in answer.text) == (503, True)
        assert stack.visitor.get("/healthz").text == "ok"
        assert stack.visitor.get("/readyz").text.startswith("database: failing\n")
    wait_for(lambda: "Qwen/Qwen3-8B" in stack.visitor.get("/w/ada/runs/").text)
    stack.wait_until_ready()


def count_starts(stack: FaultStack) -> int:
    """How often the worker got ready."""
    return len(re.findall(r"celery@\S+ ready", stack.services.worker.read_log()))


def test_what_starts_while_the_database_is_away(stack: FaultStack) -> None:
    database = stack.services.site.environment["DATABASE_URL"].rpartition("/")[2]
    services, starts = ("web", "worker", "beat"), count_starts(stack)
    with block_database(stack.postgresql_url, database):
        for name in services:
            stack.services.kill(name)
            stack.services.start(name)
        answer = stack.visitor.get("/w/ada/runs/")
        assert (answer.status_code, OUTAGE in answer.text) == (503, True)
        wait_for(lambda: count_starts(stack) > starts)
    stack.wait_until_ready()
    assert [stack.services.processes[name].popen.poll() for name in services] == [None] * 3


def test_a_frozen_redis(stack: FaultStack) -> None:
    with freeze(find_redis_pid(stack.redis_url)):
        check_pages_and_limits(stack)
    stack.wait_until_ready()


def test_a_lost_redis(stack: FaultStack) -> None:
    os.kill(find_redis_pid(stack.redis_url), signal.SIGKILL)
    try:
        polled_at = stack.fetch(LAST_POLL)[0]["at"]
        check_pages_and_limits(stack)
        wait_for(lambda: stack.fetch(LAST_POLL)[0]["at"] > polled_at)
    finally:
        address = urlsplit(stack.redis_url)
        stack.exits.enter_context(servers.start_redis(port=address.port, password=address.password))
    stack.wait_until_ready()


def check_pages_and_limits(stack: FaultStack) -> None:
    """Wrong passwords are counted, though not by Redis; nothing is refused without cause."""
    for page in PAGES:
        assert stack.visitor.get(f"/w/ada/{page}").status_code == 200, page
    assert stack.visitor.get("/healthz").text == "ok"
    assert "password you specified are not correct" in sign_in(stack, "wrong")
    with open_visitor(stack.services.site.address, email=EMAIL, password=PASSWORD) as visitor:
        assert visitor.get("/w/ada/runs/").status_code == 200
