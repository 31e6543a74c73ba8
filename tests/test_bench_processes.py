"""The benchmarks that need processes of their own run, in the setting of these tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.groups import GROUPS, POSTGRESQL, SQLITE

SETTINGS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
FIGURES = {
    SQLITE: set[str](),
    POSTGRESQL: {"requests/s of a list over granian, 8 connections"},
}


def test_figures_of_processes_are_measured(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    setting = SETTINGS[request.config.getoption("--on")]
    groups = [name for name in GROUPS if name != "everything"]
    only = [word for name in groups for word in ("--only", name)]
    document = tmp_path / "benchmarks.md"
    options = ["--tiny", "--on", setting, *only, "--document", str(document)]
    done = subprocess.run(
        [sys.executable, "-m", "bench", *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split(" | ") for line in document.read_text().splitlines() if " | " in line][2:]
    assert {row[0].removeprefix("| ") for row in rows} >= FIGURES[setting]
