"""The services of docker-compose.yml on a PostgreSQL, a Redis and an API of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from loopsweb.loops_api import Client
from loopsweb.simulator import Simulator
from tests import processes, servers
from tests.composed import ComposeStack, start_compose
from tests.processes import READY, wait_for
from tests.visitor import Visitor, open_visitor

EMAIL = "ada@example.com"
SECRET = "demo-org-key"
POLLING = """
SELECT name, state, feeds, failures, last_error, last_success_at, refused_since
FROM resources_pollstate JOIN keys_key ON keys_key.id = key_id
"""
STATUS_COLUMNS = {
    "run": "status",
    "sampler": "status",
    "deployment": "status",
    "checkpoint": "sync_status",
}
ROWS = "SELECT remote_id, {1} AS status FROM resources_{0} WHERE missing_since IS NULL"
LAST_POLL = "SELECT max(last_success_at) AS at FROM resources_pollstate"
OFTEN = {"LOOPSWEB_POLL_BUSY_SECONDS": "1", "LOOPSWEB_POLL_QUIET_SECONDS": "2"}


@dataclass
class FaultStack:
    """api: in this process, so that a test sees and changes it."""

    api: Simulator
    address: str
    services: ComposeStack
    visitor: Visitor
    postgresql_url: str
    redis_url: str
    exits: ExitStack

    def fetch(self, query: str) -> list[dict[str, Any]]:
        url = self.services.site.environment["DATABASE_URL"]
        with psycopg.connect(url, row_factory=dict_row) as connection:
            return list(connection.execute(query.encode()).fetchall())

    def connect_api(self) -> Client:
        return Client(base_url=self.address, key=SECRET)

    def find_trouble(self, *, since: datetime) -> list[str]:
        """What is not good again: keys, and feeds that were not answered since."""
        found = []
        for row in self.fetch(POLLING):
            name, polled_at = row["name"], row["last_success_at"]
            if row["state"] != "healthy" or row["refused_since"] or row["failures"]:
                found.append(f"{name}: {row['state']} {row['last_error']}")
            elif polled_at is None or polled_at < since:
                found.append(f"{name}: last polled at {polled_at}")
            failing = [feed for feed, kept in row["feeds"].items() if kept.get("failing_since")]
            found += [f"{name}: {feed} is failing" for feed in failing]
        return found

    def list_rows(self) -> dict[str, dict[str, str]]:
        """{table: {id: status}} of what a workspace shows as there."""
        return {
            table: {row["remote_id"]: row["status"] for row in self.fetch(ROWS.format(table, word))}
            for table, word in STATUS_COLUMNS.items()
        }

    def list_world(self) -> dict[str, dict[str, str]]:
        """The same as the API tells it."""
        api = self.connect_api()
        runs = api.list_runs(scope="org")
        checkpoints = [one for run in runs for one in api.list_checkpoints(run_id=run.id)]
        return {
            "run": {one.id: one.status or "" for one in runs},
            "sampler": {one.id: one.status or "" for one in api.list_samplers(scope="org")},
            "deployment": {one.id: one.status or "" for one in api.list_deployments(scope="org")},
            "checkpoint": {one.id: one.sync_status or "" for one in checkpoints},
        }

    def get_readiness(self) -> str:
        return self.services.site.get("/readyz", timeout=10).text

    def wait_until_ready(self) -> None:
        """By heartbeats from now on: those of a process that was killed look alive for a while.

        Raises AssertionError with what is not ready and the ends of the logs.
        """
        self.fetch("DELETE FROM resources_heartbeat RETURNING name")
        try:
            wait_for(lambda: self.get_readiness() == READY)
        except AssertionError as error:
            logs = {name: one.read_log()[-3000:] for name, one in self.services.processes.items()}
            text = "".join(f"\n{name}:\n{log}" for name, log in logs.items())
            raise AssertionError(f"{self.get_readiness()}{text}") from error


@contextmanager
def serve_api() -> Iterator[tuple[Simulator, str]]:
    """A simulated API in which nothing happens by itself, and its address."""
    api = Simulator(now=lambda: datetime.now(UTC), pace=1e-4, sleep=time.sleep, runs=6)
    with servers.serve_wsgi(api, threads=16) as port:
        yield api, f"http://127.0.0.1:{port}"


@contextmanager
def start_stack(folder: Path) -> Iterator[FaultStack]:
    with (
        serve_api() as (api, address),
        servers.start_postgresql() as postgresql_url,
        servers.start_redis() as redis_url,
        start_compose(
            folder,
            redis_url=redis_url,
            postgresql_url=postgresql_url,
            LOOPSWEB_API_URLS=address,
            **OFTEN,
        ) as services,
        ExitStack() as exits,
    ):
        processes.create_admin(EMAIL, environment=services.site.environment)
        with open_visitor(
            services.site.address, email=EMAIL, password=processes.PASSWORD
        ) as visitor:
            visitor.submit("/keys/", name="Mine", secret=SECRET)
            stack = FaultStack(api, address, services, visitor, postgresql_url, redis_url, exits)
            wait_for(lambda: stack.fetch(LAST_POLL)[0]["at"])
            stack.wait_until_ready()
            yield stack
