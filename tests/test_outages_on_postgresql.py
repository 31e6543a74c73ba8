"""The site survives losing Redis and the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tests import processes, servers
from tests.composed import start_compose
from tests.processes import READY, Site, start_simulator, wait_for
from tests.visitor import open_visitor

PAGES = ("", "runs/", "deployments/", "audit/")


@contextmanager
def block_database(database: str) -> Iterator[None]:
    """Refuse new connections to the database and close existing ones."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        name = sql.Identifier(database)
        server.execute(allow.format(name, sql.SQL("false")))
        everyone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        server.execute(everyone, [database])
        try:
            yield
        finally:
            server.execute(allow.format(name, sql.SQL("true")))


def is_ready(site: Site) -> bool:
    return site.get("/readyz", timeout=20).status_code == 200


def test_losing_redis_and_the_database_is_survived(tmp_path: Path) -> None:
    port, password = servers.find_free_port(), "redis-password"
    with (
        start_simulator(tmp_path) as api,
        ExitStack() as redis,
    ):
        url = redis.enter_context(servers.start_redis(port=port, password=password))
        often = {"LOOPSWEB_POLL_BUSY_SECONDS": "1", "LOOPSWEB_POLL_QUIET_SECONDS": "2"}
        with start_compose(tmp_path, redis_url=url, LOOPSWEB_API_URLS=api, **often) as running:
            site = running.site
            processes.create_admin("ada@example.com", environment=site.environment)
            with open_visitor(
                site.address, email="ada@example.com", password=processes.PASSWORD
            ) as visitor:
                visitor.submit("/keys/", name="Mine", secret="demo-org-key")
                wait_for(lambda: "Qwen/Qwen3-8B" in visitor.get("/w/ada/runs/").text)
                wait_for(lambda: is_ready(site))

                redis.close()
                for page in PAGES:
                    assert visitor.get(f"/w/ada/{page}").status_code == 200, page
                failing = READY.replace("schedule: ok", "schedule: failing")
                wait_for(lambda: site.get("/readyz", timeout=5).text == failing, timeout=60)

                with servers.start_redis(port=port, password=password):
                    wait_for(lambda: is_ready(site), timeout=60)
                    database = site.environment["DATABASE_URL"].rpartition("/")[2]
                    with block_database(database):
                        lost = visitor.get("/w/ada/runs/")
                        assert lost.status_code == 503
                        assert "loopsweb cannot use its database" in lost.text
                        assert site.get("/healthz").text == "ok"
                        assert "database: failing" in site.get("/readyz").text
                    wait_for(lambda: "Qwen/Qwen3-8B" in visitor.get("/w/ada/runs/").text)
                    wait_for(lambda: is_ready(site), timeout=60)
