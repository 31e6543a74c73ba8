"""Finds a Chromium: on the PATH, Playwright's own, or the distribution's package."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAIN_HOST = "loops.internal"  # over http, browsers take it for insecure
OPTIONS = [
    *("--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",
]
NOT_FOUND = (
    "The browser tests need a Chromium and found none. Install one (Debian, Ubuntu: "
    "apt-get install chromium; elsewhere: .venv/bin/playwright install chromium) and run again."
)

SHARED = ExitStack()


@contextmanager
def share() -> Iterator[Browser]:
    """The one browser of this test process: to start one takes longer than most tests.

    The database cannot be used meanwhile, because Playwright keeps an event loop running."""
    browser, loop = launch_shared()
    asyncio._set_running_loop(loop)
    try:
        yield browser
    finally:
        asyncio._set_running_loop(None)


@cache
def launch_shared() -> tuple[Browser, asyncio.AbstractEventLoop]:
    playwright = SHARED.enter_context(sync_playwright())
    return SHARED.enter_context(launch(playwright)), asyncio.get_running_loop()


def close_shared() -> None:
    if launch_shared.cache_info().currsize:
        with share():
            SHARED.close()
        launch_shared.cache_clear()


def launch(playwright: Playwright) -> Browser:
    """Raises RuntimeError, which says what to install, if there is no Chromium."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(
        executable_path=find_chromium(playwright), args=[*OPTIONS, *sandbox]
    )


def find_chromium(playwright: Playwright) -> str:
    bundled = playwright.chromium.executable_path
    found = find_on_path() or (bundled if Path(bundled).exists() else None) or install_package()
    if found is None:
        raise RuntimeError(NOT_FOUND)
    return found


def find_on_path() -> str | None:
    return next((found for name in COMMANDS if (found := shutil.which(name))), None)


def install_package() -> str | None:
    """Install the package on Debian or Ubuntu, as root. Return its path, None if that failed."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        subprocess.run(
            ["apt-get", "-qq", *command], env=environment, check=False, capture_output=True
        )
    return find_on_path()
