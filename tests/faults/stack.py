"""The services of docker-compose.yml on a PostgreSQL, a Redis and an API of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from waitress.server import create_server

from loopsweb.simulator import Simulator
from tests import processes, servers
from tests.composed import ComposeStack, start_compose
from tests.processes import READY, wait_for
from tests.visitor import Visitor, open_visitor

EMAIL = "ada@example.com"
SECRET = "demo-org-key"
LAST_POLL = "SELECT max(last_success_at) AS at FROM resources_pollstate"
OFTEN = {"LOOPSWEB_POLL_BUSY_SECONDS": "1", "LOOPSWEB_POLL_QUIET_SECONDS": "2"}


@dataclass
class FaultStack:
    """api: in this process, so that a test sees and changes it."""

    api: Simulator
    services: ComposeStack
    visitor: Visitor
    postgresql_url: str
    redis_url: str
    exits: ExitStack

    def fetch(self, query: str) -> list[dict[str, Any]]:
        url = self.services.site.environment["DATABASE_URL"]
        with psycopg.connect(url, row_factory=dict_row) as connection:
            return list(connection.execute(query.encode()).fetchall())

    def get_readiness(self) -> str:
        return self.services.site.get("/readyz", timeout=10).text

    def wait_until_ready(self) -> None:
        wait_for(lambda: self.get_readiness() == READY, timeout=60)


@contextmanager
def serve_api() -> Iterator[tuple[Simulator, str]]:
    """A simulated API in which nothing happens by itself, and its address."""
    api = Simulator(now=lambda: datetime.now(UTC), pace=1e-4, sleep=time.sleep, runs=6)
    server = create_server(api, host="127.0.0.1", port=0, threads=16)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield api, f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(5)


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
            stack = FaultStack(api, services, visitor, postgresql_url, redis_url, exits)
            wait_for(lambda: stack.fetch(LAST_POLL)[0]["at"])
            stack.wait_until_ready()
            yield stack
