from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from tests.processes import ROOT, start_simulator


@pytest.fixture
def api(tmp_path: Path, settings: Settings) -> Iterator[str]:
    with start_simulator(tmp_path, "--runs", "0", "--checkpoints-per-run", "0") as address:
        settings.LOOPSWEB_API_URLS = [address]
        yield address


def run_module(name: str, *arguments: str, api: str) -> str:
    """Run a module of this package on the test's database. Return its output."""
    database_name = connection.settings_dict["NAME"]
    database = f"sqlite:///{database_name}"
    if connection.vendor == "postgresql":
        before, _, rest = os.environ["DATABASE_URL"].partition("?")
        database = f"{before.rsplit('/', 1)[0]}/{database_name}" + (f"?{rest}" if rest else "")
    done = subprocess.run(
        [sys.executable, "-m", f"tests.crash.{name}", *arguments],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database, "LOOPSWEB_API_URLS": api},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
