"""The pytest plugin that chooses the database and the queue of a test run.

`pytest` uses SQLite with everything in one process. `pytest --on postgresql` uses the PostgreSQL
and Redis of DATABASE_URL and REDIS_URL, or starts both and stops them at the end.
"""

from __future__ import annotations

import atexit
import base64
import gc
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import servers

SQLITE, POSTGRESQL = "sqlite", "postgresql"
HERE = Path(__file__).parent
# What these hold is the same on every database.
TESTS_ON_SQLITE_ONLY = {
    *(HERE / name for name in ("loops_api", "simulation", "simulator", "verification")),
    HERE / "ui" / "test_redaction.py",
    *(
        HERE / f"test_{name}.py"
        for name in (
            *("addresses", "architecture", "cipher", "environment", "import_circles"),
            *("permissions", "plurals"),
        )
    ),
}
# What these find is found by both suites, whatever Python or Django they run on, or by the demo.
TESTS_OF_PROCESSES = [
    *(HERE / name for name in ("browser", "crash", "faults", "upgrade")),
    *(HERE / f"test_{name}.py" for name in ("bench_on_sqlite", "bench_processes")),
    *(HERE / "serving" / f"test_{name}_on_sqlite.py" for name in ("demo", "serve")),
]
# They take longest and mostly wait: started last, they would leave a core idle.
SLOW_TESTS = [
    *TESTS_OF_PROCESSES,
    *(HERE / name for name in ("serving", "test_compose_on_postgresql.py", "test_permissions.py")),
]
STARTED_SERVICES = ExitStack()
TEST_SECRETS = {
    "SECRET_KEY": "only-for-tests-" * 4,
    "LOOPSWEB_SECRET_KEYS": "1:" + base64.b64encode(b"only for tests, 32 bytes long...").decode(),
}
INSTALLATION_PREFIXES = (
    "LOOPSWEB_",
    "EMAIL_",
    "ALLOWED_HOSTS",
    "STATIC_ROOT",
    "LOG_LEVEL",
    "OTEL_",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--on", choices=[SQLITE, POSTGRESQL], default=SQLITE, help=__doc__)
    parser.addoption(
        "--one-of-each",
        action="store_true",
        help="What another Python changes: each test with its first parameters alone, on SQLite "
        "unless it is of PostgreSQL, and none that kills processes or drives a browser.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    on = early_config.known_args_namespace.on
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        share_redis(number=int(worker.removeprefix("gw")))
        share_data_dir(worker)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    atexit.register(STARTED_SERVICES.close)
    for name in [name for name in os.environ if name.startswith(INSTALLATION_PREFIXES)]:
        del os.environ[name]
    os.environ.update(TEST_SECRETS)
    os.environ["LOOPSWEB_DATA_DIR"] = STARTED_SERVICES.enter_context(
        tempfile.TemporaryDirectory(prefix="loopsweb-tests-")
    )
    start_services(on)


def start_services(on: str) -> None:
    if on == SQLITE:
        os.environ.pop("DATABASE_URL", None)
        os.environ.pop("REDIS_URL", None)
        return
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = STARTED_SERVICES.enter_context(servers.start_postgresql())
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = STARTED_SERVICES.enter_context(servers.start_redis())
    os.environ["STATIC_ROOT"] = os.environ["LOOPSWEB_DATA_DIR"] + "/static"
    subprocess.run([sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"], check=True)


def share_data_dir(worker: str) -> None:
    """Give each parallel test process a folder of its own: tests empty the caches in it."""
    folder = Path(os.environ["LOOPSWEB_DATA_DIR"]) / worker
    folder.mkdir(exist_ok=True)
    os.environ["LOOPSWEB_DATA_DIR"] = str(folder)


def share_redis(*, number: int) -> None:
    """Give each parallel test process its own Redis database."""
    if url := os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = f"{url.rstrip('/')}/{number}"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Run `…_on_sqlite.py` and `…_on_postgresql.py` on that database only, and tests that depend on
    no database on SQLite only; one of each on SQLite unless it is for PostgreSQL alone."""
    on = config.getoption("--on")
    others = tuple(f"_on_{name}" for name in {SQLITE, POSTGRESQL} - {on})
    is_elsewhere = on == POSTGRESQL and collection_path in TESTS_ON_SQLITE_ONLY
    if config.getoption("--one-of-each"):
        is_for_both = collection_path.is_file() and not collection_path.stem.endswith(f"_on_{on}")
        is_elsewhere = (on == POSTGRESQL and is_for_both) or collection_path in TESTS_OF_PROCESSES
    return True if is_elsewhere or collection_path.stem.endswith(others) else None


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None]:
    """Start with what takes longest, in whatever order the rest is."""
    if config.getoption("--one-of-each"):
        keep_first_parameters(config, items)
    yield
    items.sort(key=lambda item: not any(item.path.is_relative_to(slow) for slow in SLOW_TESTS))


def keep_first_parameters(config: pytest.Config, items: list[pytest.Item]) -> None:
    firsts = {item.nodeid.partition("[")[0]: item for item in reversed(items)}
    kept = {*firsts.values()}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def pytest_collection_finish() -> None:
    """Never look again for garbage in all that was imported: that took a seventh of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_report_header(config: pytest.Config) -> str:
    return f"running on: {config.getoption('on')}"


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        STARTED_SERVICES.close()
