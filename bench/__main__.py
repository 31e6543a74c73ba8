from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import psycopg
import redis
from psycopg import sql

from bench.document import write_document
from bench.figures import Figure
from bench.groups import BOTH, GROUPS, POSTGRESQL
from bench.sizes import TINY, Sizes
from loopsweb.environment import SECRET_FACTORIES
from tests import servers

INSTALLATION_PREFIXES = ("LOOPSWEB_", "EMAIL_", "ALLOWED_HOSTS", "STATIC_ROOT", "REDIS_URL")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--tiny", action="store_true", help="few rows, once: to see that it works")
    parser.add_argument("--rows", type=int, help="of the longest lists")
    parser.add_argument("--keys", type=int, help="of a sweep")
    parser.add_argument("--snapshot-runs", type=int, help="of a first snapshot")
    parser.add_argument("--people", type=int, help="of a soak")
    parser.add_argument("--soak-seconds", type=float)
    parser.add_argument("--on", choices=BOTH, action="append")
    parser.add_argument("--only", choices=GROUPS, action="append", help="groups of figures")
    parser.add_argument("--document", type=Path, default=Path("docs/benchmarks.md"))
    given = parser.parse_args()
    sizes = TINY if given.tiny else Sizes()
    given_sizes = {
        name: getattr(given, name)
        for name in ("rows", "keys", "snapshot_runs", "people", "soak_seconds")
    }
    sizes = replace(sizes, **{name: size for name, size in given_sizes.items() if size})
    found: dict[str, list[Figure]] = {}
    failed: list[str] = []
    for setting in given.on or BOTH:
        print(f"== {setting}. The ratios are the result.", flush=True)
        wanted = given.only or [name for name, one in GROUPS.items() if not one.is_asked_for]
        groups = [name for name in wanted if setting in GROUPS[name].settings]
        with prepare_setting(setting) as environment:
            found[setting] = [
                figure for name in groups for figure in measure(name, environment, sizes, failed)
            ]
    write_document(given.document, found)
    return len(failed)


def measure(
    group: str, environment: dict[str, str], sizes: Sizes, failed: list[str]
) -> list[Figure]:
    """A group that fails is added to `failed`. What it found until then counts."""
    with (
        GROUPS[group].api(sizes) as api,
        tempfile.TemporaryDirectory(prefix=f"loopsweb-bench-{group}-") as folder,
    ):
        here = copy_installation(environment, group, folder) | {"LOOPSWEB_API_URLS": api}
        output = Path(folder) / "figures.json"
        encoded = msgspec.json.encode(sizes).decode()
        command = [sys.executable, "-m", "bench.measure", group, encoded, api, str(output)]
        if subprocess.run(command, env=here, check=False).returncode:
            print(f"{group} has failed.", flush=True)
            failed.append(group)
        if not output.exists():
            return []
        return msgspec.json.decode(output.read_bytes(), type=list[Figure])


@contextmanager
def prepare_setting(setting: str) -> Iterator[dict[str, str]]:
    """The environment of a new and migrated installation, with servers of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(INSTALLATION_PREFIXES)}
    kept.pop("DATABASE_URL", None)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="loopsweb-bench-"))
        environment = kept | {name: make() for name, make in SECRET_FACTORIES.items()}
        environment |= {
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "LOOPSWEB_DATA_DIR": folder,
            "LOG_LEVEL": "ERROR",
        }
        commands = [["migrate", "--no-input", "-v0"]]
        if setting == POSTGRESQL:
            environment["DATABASE_URL"] = stack.enter_context(servers.start_postgresql())
            environment["REDIS_URL"] = stack.enter_context(servers.start_redis())
            environment["STATIC_ROOT"] = f"{folder}/static"
            commands.append(["collectstatic", "--no-input", "-v0"])
        for command in commands:
            subprocess.run([sys.executable, "manage.py", *command], env=environment, check=True)
        yield environment


def copy_installation(environment: dict[str, str], group: str, folder: str) -> dict[str, str]:
    """The environment of a copy of its empty database; what is in Redis is deleted."""
    if "REDIS_URL" not in environment:
        for file in Path(environment["LOOPSWEB_DATA_DIR"]).glob("*.sqlite3"):
            shutil.copy(file, folder)
        return environment | {"LOOPSWEB_DATA_DIR": folder}
    url = environment["DATABASE_URL"]
    server, _, template = url.rpartition("/")
    with psycopg.connect(f"{server}/template1", autocommit=True) as connection:
        names = sql.Identifier(group), sql.Identifier(template)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    with redis.Redis.from_url(environment["REDIS_URL"]) as cache:
        cache.flushall()
    return environment | {"LOOPSWEB_DATA_DIR": folder, "DATABASE_URL": f"{server}/{group}"}


if __name__ == "__main__":
    sys.exit(main())
