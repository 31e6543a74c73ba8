"""The pytest plugin that decides what a run stands on, before Django reads its settings.

`pytest` runs on SQLite with everything in one process; `pytest --on postgresql` on a real
PostgreSQL and a real Redis: those of DATABASE_URL and REDIS_URL if set, else started here and
stopped at the end.
"""

from __future__ import annotations

import atexit
import base64
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import servers

SQLITE, POSTGRESQL = "sqlite", "postgresql"
HERE = Path(__file__).parent
WITHOUT_A_DATABASE = {
    HERE / "loops_api",
    HERE / "simulator",
    HERE / "verification",
    HERE / "test_architecture.py",
}
EVERYTHING_OF_THE_RUN = ExitStack()
TEST_SECRETS = {
    "SECRET_KEY": "only-for-tests-" * 4,
    "LOOPSWEB_SECRET_KEYS": "1:" + base64.b64encode(b"only for tests, 32 bytes long...").decode(),
}
OF_AN_INSTALLATION = ("LOOPSWEB_", "EMAIL_", "ALLOWED_HOSTS", "STATIC_ROOT", "LOG_LEVEL")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--on", choices=[SQLITE, POSTGRESQL], default=SQLITE, help=__doc__)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    on = early_config.known_args_namespace.on
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        share_redis(number=int(worker.removeprefix("gw")))
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    atexit.register(EVERYTHING_OF_THE_RUN.close)
    for name in [name for name in os.environ if name.startswith(OF_AN_INSTALLATION)]:
        del os.environ[name]
    os.environ.update(TEST_SECRETS)
    os.environ["LOOPSWEB_DATA_DIR"] = EVERYTHING_OF_THE_RUN.enter_context(
        tempfile.TemporaryDirectory(prefix="loopsweb-tests-")
    )
    stand_on(on)


def stand_on(on: str) -> None:
    if on == SQLITE:
        os.environ.pop("DATABASE_URL", None)
        os.environ.pop("REDIS_URL", None)
        return
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = EVERYTHING_OF_THE_RUN.enter_context(servers.postgresql())
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = EVERYTHING_OF_THE_RUN.enter_context(servers.redis())
    subprocess.run([sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"], check=True)


def share_redis(*, number: int) -> None:
    """Each parallel test process has a Redis database of its own."""
    if url := os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = f"{url.rstrip('/')}/{number}"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file named `…_on_sqlite.py` or `…_on_postgresql.py` belongs to that run alone.

    What knows no database is not run a second time on another one.
    """
    on = config.getoption("--on")
    others = tuple(f"_on_{name}" for name in {SQLITE, POSTGRESQL} - {on})
    knows_no_database = on == POSTGRESQL and collection_path in WITHOUT_A_DATABASE
    return True if knows_no_database or collection_path.stem.endswith(others) else None


def pytest_report_header(config: pytest.Config) -> str:
    return f"standing on: {config.getoption('on')}"


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        EVERYTHING_OF_THE_RUN.close()
