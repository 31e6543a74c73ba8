"""Starts the site, the simulator and commands as real processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.servers import find_free_port, is_port_open

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_SECONDS = 120.0  # on a machine that is busy
START_SECONDS = 240.0  # on a machine that is busy; a process that has ended is noticed at once
PASSWORD = "correct horse battery"
TEST_RUN_PREFIXES = ("PYTEST", "COV_CORE", "COVERAGE")
READY = "database: ok\ncontrol: ok\npolling: ok\nschedule: ok\n"
NOTHING_ALIVE = READY.replace("ok", "failing").replace("database: failing", "database: ok")
T = TypeVar("T")


@dataclass
class Process:
    """A child process. `log` is the file with its output."""

    popen: subprocess.Popen[bytes]
    log: Path

    def read_log(self) -> str:
        return self.log.read_text()

    def end(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Return the exit code. Raises TimeoutExpired after half a minute."""
        self.popen.send_signal(with_signal)
        return self.popen.wait(timeout=TIMEOUT_SECONDS)


@contextmanager
def start_process(
    command: Sequence[str | Path], *, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Process]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(TEST_RUN_PREFIXES)}
    with log.open("ab") as out:
        popen = subprocess.Popen(
            command,
            cwd=ROOT,
            env=inherited | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Process(popen, log)
    finally:
        popen.terminate()
        try:
            popen.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(popen.pid, signal.SIGKILL)
            popen.wait()


def build_command(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def run_command(
    *arguments: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a management command."""
    return subprocess.run(
        build_command(*arguments),
        cwd=ROOT,
        env=os.environ | dict(environment),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


def wait_for(ask: Callable[[], T], *, timeout: float = TIMEOUT_SECONDS) -> T:
    """Poll `ask` and return its first true result."""
    deadline = time.monotonic() + timeout
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(
                f"{ask} was never true in {timeout} s; the last result: {answer!r}"
            )
        time.sleep(0.05)
    return answer


@contextmanager
def start_simulator(folder: Path, *options: str) -> Iterator[str]:
    """Yields the simulator's URL."""
    command = [sys.executable, "-m", "loopsweb.simulator", "--port", "0", *options]
    with start_process(command, log=folder / "api.log") as api:
        found = wait_for(lambda: re.findall(r"on (http://\S+) with", api.read_log()))
        yield found[0]


@dataclass
class Site:
    address: str
    process: Process
    environment: dict[str, str]
    folder: Path

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(self.address + path, **{"timeout": TIMEOUT_SECONDS, **options})


def single_process_environment(folder: Path, *, api: str, **more: str) -> dict[str, str]:
    """SQLite and secrets in `folder`, and frequent polls."""
    return {
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "SECRET_KEY": "",
        "LOOPSWEB_SECRET_KEYS": "",
        "LOOPSWEB_DATA_DIR": str(folder / "data"),
        "LOOPSWEB_API_URLS": api,
        "LOOPSWEB_POLL_BUSY_SECONDS": "1",
        "LOOPSWEB_POLL_QUIET_SECONDS": "2",
        **more,
    }


@contextmanager
def start_site(folder: Path, environment: dict[str, str], *options: str) -> Iterator[Site]:
    """Start `manage.py serve` and wait until it is up."""
    port = find_free_port()
    command = build_command("serve", "--port", str(port), *options)
    with start_process(command, log=folder / "site.log", environment=environment) as server:
        site = Site(f"http://127.0.0.1:{port}", server, environment, folder)
        wait_until_up(site)
        yield site


def wait_until_up(site: Site) -> None:
    wait_for(lambda: is_up(site), timeout=START_SECONDS)


def is_up(site: Site) -> bool:
    assert site.process.popen.poll() is None, site.process.read_log()
    try:
        return site.get("/healthz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def is_listening(site: Site) -> bool:
    return is_port_open(int(site.address.rpartition(":")[2]))


def create_admin(email: str, *, environment: Mapping[str, str]) -> None:
    """Create the first person of an installation with the command for it."""
    secret = {"DJANGO_SUPERUSER_EMAIL": email, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    done = run_command("createsuperuser", "--noinput", environment={**environment, **secret})
    assert done.returncode == 0, done.stderr
