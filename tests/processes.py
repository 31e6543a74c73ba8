"""The site, the pretended API and what else a test starts for real, as processes."""

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

from tests.servers import free_port, listens

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 30.0
PASSWORD = "correct horse battery"
OF_THE_TEST_RUN = ("PYTEST", "COV_CORE", "COVERAGE")
T = TypeVar("T")


@dataclass
class Process:
    """A child process; `log` is the file with everything it has said."""

    popen: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text()

    def end(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """The exit code. A process that does not end within ten seconds is a failure."""
        self.popen.send_signal(with_signal)
        return self.popen.wait(timeout=10)


@contextmanager
def process(
    command: Sequence[str | Path], *, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Process]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(OF_THE_TEST_RUN)}
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


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def run(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A management command to its end."""
    return subprocess.run(
        manage(*arguments),
        cwd=ROOT,
        env=os.environ | dict(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def eventually(ask: Callable[[], T], *, within: float = PATIENCE_SECONDS) -> T:
    """The first true answer; what is asked often is cheap, so nothing is waited for longer."""
    give_up = time.monotonic() + within
    while not (answer := ask()):
        if time.monotonic() > give_up:
            raise AssertionError(f"{ask} was never true in {within} s; the last answer: {answer!r}")
        time.sleep(0.05)
    return answer


@contextmanager
def pretended_api(folder: Path, *options: str) -> Iterator[str]:
    """The simulator on a port of its own; its address."""
    command = [sys.executable, "-m", "loopsweb.simulator", "--port", "0", *options]
    with process(command, log=folder / "api.log") as api:
        found = eventually(lambda: re.findall(r"on (http://\S+) with", api.said()))
        yield found[0]


@dataclass
class Site:
    address: str
    process: Process
    environment: dict[str, str]
    folder: Path

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(self.address + path, **options)


def embedded_environment(folder: Path, *, api: str, **more: str) -> dict[str, str]:
    """SQLite and secrets of its own, all in `folder`; polls often."""
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
def serving(folder: Path, environment: dict[str, str], *options: str) -> Iterator[Site]:
    """`manage.py serve` until it answers."""
    port = free_port()
    command = manage("serve", "--port", str(port), *options)
    with process(command, log=folder / "site.log", environment=environment) as server:
        site = Site(f"http://127.0.0.1:{port}", server, environment, folder)
        eventually(lambda: answers(site))
        yield site


def answers(site: Site) -> bool:
    assert site.process.popen.poll() is None, site.process.said()
    try:
        return site.get("/healthz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def is_listening(site: Site) -> bool:
    return listens(int(site.address.rpartition(":")[2]))


def make_admin(email: str, *, environment: Mapping[str, str]) -> None:
    """The first person of an installation, as its operator makes them."""
    secret = {"DJANGO_SUPERUSER_EMAIL": email, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    done = run("createsuperuser", "--noinput", environment={**environment, **secret})
    assert done.returncode == 0, done.stderr
