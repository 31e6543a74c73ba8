"""The benchmarks that need processes of their own run: each in one of the two settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.groups import GROUPS, POSTGRESQL, SQLITE

SETTINGS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
FIGURES = {
    SQLITE: {
        "first_snapshot": {
            "first snapshot: 5 runs, 56 checkpoints",
            "memory that a worker needs for it beside what it has when idle ÷ largest answer",
        },
        "browser": {
            "first row visible of 60, full speed",
            "first row visible of 60, a quarter of the CPU",
            "click on sort → painted, a quarter of the CPU",
            "click on filter → painted, a quarter of the CPU",
            "click on page → painted, a quarter of the CPU",
            "change in the API → on a page that is open, p95, polls every 0.5 s",
        },
    },
    POSTGRESQL: {
        "soak": {
            f"soak of 3 s, 3 people, 2 keys: {what}"
            for what in (
                "requests",
                "news, median",
                "page, median",
                "lag of the latest poll, at most",
                "CPU of a poll",
                "CPU of a tab a second",
                "memory of web, last quarter ÷ second",
                "memory of worker, last quarter ÷ second",
                "memory of PostgreSQL, last quarter ÷ second",
                "memory of Redis, last quarter ÷ second",
            )
        },
        "growth": {
            "sweep at 10 times the resources ÷ at one time, everything new",
            "sweep at 10 times the resources ÷ at one time, nothing changed",
        },
        "ticks": {"tick with 8 keys, none due ÷ with 4"},
        "sweeps": {
            "sweep of 2 keys, nothing changed",
            "sweep of 2 keys, 1 changed",
            "sweep of 2 keys: keys/s of two worker processes ÷ one",
        },
    },
}


TIMEOUT_SECONDS = 600  # on a machine that is busy
ELSEWHERE = {"everything", "throughput", "embedded"}  # the last two are made of the same parts


def test_every_group_is_tried() -> None:
    assert {*FIGURES[SQLITE], *FIGURES[POSTGRESQL], *ELSEWHERE} == GROUPS.keys()


def test_figures_of_processes_are_measured(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    setting = SETTINGS[request.config.getoption("--on")]
    expected, document = FIGURES[setting], tmp_path / "benchmarks.md"
    only = [word for name in expected for word in ("--only", name)]
    options = ["--tiny", "--on", setting, *only, "--document", str(document)]
    done = subprocess.run(
        [sys.executable, "-m", "bench", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split(" | ") for line in document.read_text().splitlines() if " | " in line][2:]
    assert {row[0].removeprefix("| ") for row in rows} == set().union(*expected.values())
