"""What `.ci/advisories` says of what pip-audit answers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.processes import ROOT

CLEAN = "No known vulnerabilities found"
UNASKED = f"{CLEAN}\nName Skip Reason\nkombu Dependency could not be audited"


@pytest.mark.parametrize(
    ("said", "status", "required", "code", "words"),
    [
        (CLEAN, 0, "", 0, "No known weakness in what is pinned."),
        ("Found 2 known vulnerabilities in 1 package", 1, "", 1, "Found 2 known vulnerabilities"),
        (UNASKED, 0, "", 0, "could not be asked about 1 of the pinned packages. This is no pass"),
        ("requests.exceptions.ConnectionError", 1, "", 0, "NOT CHECKED"),
        ("requests.exceptions.ConnectionError", 1, "1", 1, "NOT CHECKED"),
    ],
)
def test_what_could_not_be_asked_is_no_pass(
    said: str, status: int, required: str, code: int, words: str, tmp_path: Path
) -> None:
    program = tmp_path / ".venv" / "bin" / "pip-audit"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\nexit {status}\n")
    program.chmod(0o755)

    done = subprocess.run(
        [ROOT / ".ci" / "advisories"],
        cwd=tmp_path,
        env={**os.environ, "ADVISORIES_REQUIRED": required},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code
    assert words in done.stdout + done.stderr
    assert ("No known weakness" in done.stdout) == (words == "No known weakness in what is pinned.")
