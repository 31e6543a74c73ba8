"""The database and Redis, lost and found again under the real processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tests import processes, servers
from tests.composed import composed
from tests.processes import Site, eventually, pretended_api
from tests.visitor import visiting

PAGES = ("", "runs/", "deployments/", "audit/")


@contextmanager
def nobody_reaches(database: str) -> Iterator[None]:
    """That database lets nobody in, and whoever was in is thrown out."""
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


def test_redis_then_the_database_lost_and_found(tmp_path: Path) -> None:
    port, password = servers.free_port(), "redis-password"
    with (
        pretended_api(tmp_path) as api,
        ExitStack() as redis,
    ):
        url = redis.enter_context(servers.redis(port=port, password=password))
        often = {"LOOPSWEB_POLL_BUSY_SECONDS": "1", "LOOPSWEB_POLL_QUIET_SECONDS": "2"}
        with composed(tmp_path, redis_url=url, LOOPSWEB_API_URLS=api, **often) as running:
            site = running.site
            processes.make_admin("ada@example.com", environment=site.environment)
            with visiting(
                site.address, email="ada@example.com", password=processes.PASSWORD
            ) as visitor:
                visitor.submit("/keys/", name="Mine", secret="demo-org-key")
                eventually(lambda: "Qwen/Qwen3-8B" in visitor.get("/w/ada/runs/").text)
                eventually(lambda: is_ready(site))

                redis.close()
                for page in PAGES:
                    assert visitor.get(f"/w/ada/{page}").status_code == 200, page
                assert site.get("/readyz", timeout=20).text == "database: ok\npolling: failing\n"

                with servers.redis(port=port, password=password):
                    eventually(lambda: is_ready(site), within=60)
                    database = site.environment["DATABASE_URL"].rpartition("/")[2]
                    with nobody_reaches(database):
                        lost = visitor.get("/w/ada/runs/")
                        assert lost.status_code == 503
                        assert "loopsweb cannot use its database" in lost.text
                        assert site.get("/healthz").text == "ok"
                        assert "database: failing" in site.get("/readyz").text
                    eventually(lambda: "Qwen/Qwen3-8B" in visitor.get("/w/ada/runs/").text)
                    eventually(lambda: is_ready(site), within=60)
