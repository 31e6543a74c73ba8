"""Runs the services of docker-compose.yml as plain processes, with its commands and settings."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis
import yaml
from psycopg import sql

from tests.processes import ROOT, START_SECONDS, Process, Site, start_process, wait_until_up
from tests.servers import find_free_port

REQUIRED_VARIABLES = {
    "POSTGRES_PASSWORD": "pg-password",
    "POSTGRES_SITE_PASSWORD": "site-password",
    "REDIS_PASSWORD": "redis-password",
    "SECRET_KEY": "only-for-tests-" * 4,
    "LOOPSWEB_SECRET_KEYS": "1:" + "A" * 43 + "=",
    "LOOPSWEB_AUDIT_KEY": "A" * 43 + "=",
}
SITE_SUFFIX = "_site"
VARIABLE = re.compile(r"\$\{(?P<name>\w+):(?P<how>[?-])(?P<word>[^}]*)\}")


@dataclass
class ComposeStack:
    site: Site
    processes: dict[str, Process]
    launch: Callable[..., Process]

    @property
    def worker(self) -> Process:
        return self.processes["worker"]

    @property
    def beat(self) -> Process:
        return self.processes["beat"]

    def start(self, name: str, **more: str) -> None:
        """Start a service that was killed, with more environment variables."""
        self.processes[name] = self.launch(name, **more)
        self.site.process = self.processes["web"]
        wait_until_up(self.site)

    def kill(self, name: str) -> None:
        """Kill a service with all its processes, as a container is killed."""
        popen = self.processes[name].popen
        os.killpg(popen.pid, signal.SIGKILL)
        popen.wait()


def load_services(variables: Mapping[str, str]) -> dict[str, Any]:
    """Parse the file with its variables filled in. Raises KeyError if a required one is missing."""

    def value(found: re.Match[str]) -> str:
        if found["how"] == "?":
            return variables[found["name"]]
        return variables.get(found["name"]) or found["word"]

    text = VARIABLE.sub(value, (ROOT / "docker-compose.yml").read_text())
    found: dict[str, Any] = yaml.safe_load(text)["services"]
    return found


@contextmanager
def start_compose(
    folder: Path, *, redis_url: str = "", postgresql_url: str = "", **variables: str
) -> Iterator[ComposeStack]:
    """Run migrate, then start web, worker and beat on this test run's PostgreSQL and Redis.

    redis_url, postgresql_url: servers to use instead.
    """
    described = load_services({**REQUIRED_VARIABLES, **variables})
    port = str(find_free_port())
    queue = nullcontext(redis_url) if redis_url else reserve_redis()
    with create_database(postgresql_url) as database_url, queue as queue_url:
        here = {
            "DATABASE_URL": build_site_url(database_url),
            "REDIS_URL": queue_url,
            "LOOPSWEB_METRICS_DIR": str(folder / "metrics"),
        }
        owner = {"DATABASE_URL": database_url, "LOOPSWEB_SITE_DATABASE_URL": here["DATABASE_URL"]}

        @contextmanager
        def started(name: str, **more: str) -> Iterator[Process]:
            service = described[name]
            command = [port if word == "8000" else word for word in service["command"]]
            command[0] = str(Path(sys.executable).with_name(command[0]))
            given = service["environment"].items()
            environment = {name: "" if value is None else str(value) for name, value in given}
            environment |= here | more | (owner if name == "migrate" else {})
            environment["STATIC_ROOT"] = os.environ["STATIC_ROOT"]
            with start_process(command, log=folder / f"{name}.log", environment=environment) as it:
                yield it

        with started("migrate") as migrate:
            assert migrate.popen.wait(timeout=START_SECONDS) == 0, migrate.read_log()
        with ExitStack() as exits:

            def launch(name: str, **more: str) -> Process:
                return exits.enter_context(started(name, **more))

            running = {name: launch(name) for name in ("web", "worker", "beat")}
            secrets = {
                name: REQUIRED_VARIABLES[name] for name in ("SECRET_KEY", "LOOPSWEB_SECRET_KEYS")
            }
            site = Site(f"http://127.0.0.1:{port}", running["web"], secrets | here, folder)
            wait_until_up(site)
            yield ComposeStack(site, running, launch)


@contextmanager
def create_database(postgresql_url: str = "") -> Iterator[str]:
    """Create an empty database on this test run's PostgreSQL, or on another."""
    server = postgresql_url or os.environ["DATABASE_URL"]
    name = f"composed_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield re.sub(r"/[^/]*$", f"/{name}", server)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(drop)
            role = sql.Identifier(name + SITE_SUFFIX)
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))


def build_site_url(database_url: str) -> str:
    """The URL of the role that runs the site on this database."""
    name = database_url.rpartition("/")[2]
    who = f"{name}{SITE_SUFFIX}:{REQUIRED_VARIABLES['POSTGRES_SITE_PASSWORD']}"
    return re.sub(r"//(?:[^@/]*@)?", f"//{who}@", database_url, count=1)


@contextmanager
def reserve_redis() -> Iterator[str]:
    """Reserve a database of this test run's Redis that the tests do not use."""
    address, _, number = os.environ["REDIS_URL"].rpartition("/")
    if not number.isdigit():
        address, number = os.environ["REDIS_URL"], "0"
    url = f"{address}/{int(number) + 8}"
    with redis.Redis.from_url(url) as there:
        there.flushdb()
        yield url
        there.flushdb()
