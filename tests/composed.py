"""docker-compose.yml, taken at its word: its commands and settings, started as plain processes."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis
import yaml
from psycopg import sql

from tests.processes import ROOT, Process, Site, answers, eventually, process
from tests.servers import free_port

FILLED_IN = {
    "POSTGRES_PASSWORD": "pg-password",
    "REDIS_PASSWORD": "redis-password",
    "SECRET_KEY": "only-for-tests-" * 4,
    "LOOPSWEB_SECRET_KEYS": "1:" + "A" * 43 + "=",
    "LOOPSWEB_AUDIT_KEY": "A" * 43 + "=",
}
VARIABLE = re.compile(r"\$\{(?P<name>\w+):(?P<how>[?-])(?P<word>[^}]*)\}")


@dataclass
class Composed:
    site: Site
    worker: Process
    beat: Process


def services(variables: Mapping[str, str]) -> dict[str, Any]:
    """The file with its variables put in. KeyError for a required one that is missing."""

    def value(found: re.Match[str]) -> str:
        if found["how"] == "?":
            return variables[found["name"]]
        return variables.get(found["name"]) or found["word"]

    text = VARIABLE.sub(value, (ROOT / "docker-compose.yml").read_text())
    found: dict[str, Any] = yaml.safe_load(text)["services"]
    return found


@contextmanager
def composed(folder: Path, *, redis_url: str = "", **variables: str) -> Iterator[Composed]:
    """migrate to its end, then web, worker and beat, on this run's PostgreSQL and Redis.

    redis_url: another Redis than this run's.
    """
    described = services({**FILLED_IN, **variables})
    port = str(free_port())
    queue = nullcontext(redis_url) if redis_url else own_redis()
    with own_database() as database_url, queue as queue_url:
        here = {"DATABASE_URL": database_url, "REDIS_URL": queue_url}

        @contextmanager
        def started(name: str) -> Iterator[Process]:
            service = described[name]
            command = [port if word == "8000" else word for word in service["command"]]
            command[0] = str(Path(sys.executable).with_name(command[0]))
            given = service["environment"].items()
            environment = {name: "" if value is None else str(value) for name, value in given}
            environment |= here
            environment["STATIC_ROOT"] = os.environ["LOOPSWEB_DATA_DIR"] + "/static"
            with process(command, log=folder / f"{name}.log", environment=environment) as it:
                yield it

        with started("migrate") as migrate:
            assert migrate.popen.wait(timeout=60) == 0, migrate.said()
        with started("web") as web, started("worker") as worker, started("beat") as beat:
            secrets = {name: FILLED_IN[name] for name in ("SECRET_KEY", "LOOPSWEB_SECRET_KEYS")}
            site = Site(f"http://127.0.0.1:{port}", web, secrets | here, folder)
            eventually(lambda: answers(site))
            yield Composed(site, worker, beat)


@contextmanager
def own_database() -> Iterator[str]:
    """A new, empty database on this run's PostgreSQL."""
    server = os.environ["DATABASE_URL"]
    name = f"composed_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield re.sub(r"/[^/]*$", f"/{name}", server)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(drop)


@contextmanager
def own_redis() -> Iterator[str]:
    """Another numbered database of this run's Redis than the tests themselves use."""
    address, _, number = os.environ["REDIS_URL"].rpartition("/")
    if not number.isdigit():
        address, number = os.environ["REDIS_URL"], "0"
    url = f"{address}/{int(number) + 8}"
    with redis.Redis.from_url(url) as there:
        there.flushdb()
        yield url
        there.flushdb()
