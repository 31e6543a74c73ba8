"""A Chromium to drive: one on the PATH, Playwright's own, or the distribution's, installed now."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ["--disable-gpu", "--disable-background-networking", "--disable-component-update"]
NONE = (
    "The browser tests need a Chromium and found none. Install one (Debian, Ubuntu: "
    "apt-get install chromium; elsewhere: .venv/bin/playwright install chromium) and run again."
)


def launch(playwright: Playwright) -> Browser:
    """Raises RuntimeError, saying what to install, when there is no browser to be had."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=program(playwright), args=[*QUIET, *sandbox])


def program(playwright: Playwright) -> str:
    its_own = playwright.chromium.executable_path
    found = on_path() or (its_own if Path(its_own).exists() else None) or installed_now()
    if found is None:
        raise RuntimeError(NONE)
    return found


def on_path() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def installed_now() -> str | None:
    """As root on Debian and its like, from the distribution."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", "-qq", *command], env=quietly, check=False, capture_output=True)
    return on_path()
