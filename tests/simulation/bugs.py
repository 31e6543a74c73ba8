"""Planted bugs: patches of one line each, and whether the simulation finds them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATCHES = Path(__file__).parent / "planted"
COPIED = ("loopsweb", "tests", "templates", "static")
SEEDS = 150  # within which each is found
FOUND = re.compile(r"^seed (\d+): (.*)$", re.MULTILINE)


def list_patches() -> list[Path]:
    return sorted(PATCHES.glob("*.patch"))


def apply_patch(patch: Path, folder: Path, *, is_tried: bool = False) -> None:
    """Raises CalledProcessError where it does not fit exactly."""
    command = ["git", "apply", *(["--check"] if is_tried else []), str(patch)]
    alone = os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder, env=alone)


def look_for(patch: Path, *, template: str, at_most: int) -> str:
    """The seed that finds the bug and what broke, "" if none does. In a copy of the code."""
    with tempfile.TemporaryDirectory(prefix="loopsweb-bug-") as folder:
        for name in COPIED:
            shutil.copytree(ROOT / name, Path(folder) / name)
        apply_patch(patch, Path(folder))
        options = ["--seeds", str(at_most), "--stop-at-failure", "--template", template]
        command = [sys.executable, "-m", "tests.simulation", *options]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        found = FOUND.search(ran.stdout)
        if not found and ran.returncode:
            raise RuntimeError(ran.stderr)
        return f"seed {found[1]}: {found[2]}" if found else ""


def look_for_all(template: str, *, at_most: int) -> int:
    """Prints what finds each. Returns how many are not found."""
    missed = 0
    for patch in list_patches():
        began = time.monotonic()
        found = look_for(patch, template=template, at_most=at_most)
        missed += not found
        said = found or f"not found by {at_most} seeds"
        print(f"{patch.stem}: {said} ({time.monotonic() - began:.0f} s)", flush=True)
    return missed
