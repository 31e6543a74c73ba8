from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from bench.document import write_document
from bench.figures import Figure
from bench.frozen_api import run_frozen_api
from bench.sizes import TINY, Sizes
from loopsweb.environment import SECRET_FACTORIES
from tests import servers

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL and Redis"
INSTALLATION_PREFIXES = ("LOOPSWEB_", "EMAIL_", "ALLOWED_HOSTS", "STATIC_ROOT", "REDIS_URL")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--tiny", action="store_true", help="few rows, once: to see that it works")
    parser.add_argument("--rows", type=int, help="of the longest lists")
    parser.add_argument("--on", choices=[SQLITE, POSTGRESQL], action="append")
    parser.add_argument("--document", type=Path, default=Path("docs/benchmarks.md"))
    given = parser.parse_args()
    sizes = TINY if given.tiny else Sizes()
    sizes = replace(sizes, rows=given.rows or sizes.rows)
    found: dict[str, list[Figure]] = {}
    with run_frozen_api(runs=sizes.polled) as api:
        for setting in given.on or (SQLITE, POSTGRESQL):
            print(f"== {setting}. CPU time; the ratios are the result.", flush=True)
            with prepare_environment(setting, api=api) as environment:
                found[setting] = measure(environment, sizes, api=api)
    write_document(given.document, found)
    return 0


def measure(environment: dict[str, str], sizes: Sizes, *, api: str) -> list[Figure]:
    output = Path(environment["LOOPSWEB_DATA_DIR"]) / "figures.json"
    encoded = msgspec.json.encode(sizes).decode()
    command = [sys.executable, "-m", "bench.measure", encoded, api, str(output)]
    subprocess.run(command, env=environment, check=True)
    return msgspec.json.decode(output.read_bytes(), type=list[Figure])


@contextmanager
def prepare_environment(setting: str, *, api: str) -> Iterator[dict[str, str]]:
    """The environment of a new installation, with servers of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(INSTALLATION_PREFIXES)}
    kept.pop("DATABASE_URL", None)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="loopsweb-bench-"))
        environment = kept | {name: make() for name, make in SECRET_FACTORIES.items()}
        environment |= {
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "LOOPSWEB_DATA_DIR": folder,
            "LOOPSWEB_API_URLS": api,
            "LOG_LEVEL": "ERROR",
        }
        if setting == POSTGRESQL:
            environment["DATABASE_URL"] = stack.enter_context(servers.start_postgresql())
            environment["REDIS_URL"] = stack.enter_context(servers.start_redis())
            collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"]
            subprocess.run(collect, env=environment, check=True)
        yield environment


if __name__ == "__main__":
    sys.exit(main())
