from __future__ import annotations

import re
import signal
import socket
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests import processes
from tests.processes import (
    READY,
    START_SECONDS,
    Process,
    Site,
    single_process_environment,
    start_process,
    start_simulator,
    start_site,
    wait_for,
)
from tests.servers import find_free_port
from tests.visitor import open_visitor

NOWHERE = "http://127.0.0.1:9"


SECRETS = ["secret_key", "loopsweb_secret_keys"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Shared by tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("site")
    with start_site(folder, single_process_environment(folder, api=NOWHERE)) as site:
        yield site


def test_serve_prints_its_url_keeps_its_secrets_and_stops_when_told(
    tmp_path: Path,
) -> None:
    environment = single_process_environment(tmp_path, api=NOWHERE)
    log = ""
    contents: list[list[str]] = []
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        port = find_free_port()
        command = processes.build_command("serve", "--port", str(port))
        with start_process(command, log=tmp_path / "log", environment=environment) as serve:
            printed = read_start(serve, port).removeprefix(log)
            is_first = not contents
            told = [f"{name.upper()} is not set. Created one" in printed for name in SECRETS]
            assert told == [is_first, is_first]
            assert serve.end(ending) == 0
        log = serve.read_log()
        contents.append([(tmp_path / "data" / name).read_text() for name in SECRETS])
    assert contents == [contents[0]] * 3
    assert "Traceback" not in log


def read_start(serve: Process, port: int) -> str:
    """The log as soon as it says where the site is, before anybody asks for a page."""
    says_where = f"loopsweb is up: http://127.0.0.1:{port}\n"
    wait_for(lambda: says_where in serve.read_log(), timeout=START_SECONDS)
    return serve.read_log()


def test_data_files_are_private(site: Site) -> None:
    data = site.folder / "data"
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) & 0o077 for file in data.iterdir()}
    assert modes.keys() >= {"loopsweb.sqlite3", *SECRETS}
    assert {*modes.values(), stat.S_IMODE(data.stat().st_mode) & 0o077} == {0}


def test_an_oversized_request_is_refused(site: Site) -> None:
    answer = httpx.post(f"{site.address}/accounts/login/", content=b"x" * 2_000_000)
    assert answer.status_code == 413


def test_idle_connections_block_nobody(site: Site) -> None:
    with ExitStack() as silent:
        where = urlsplit(site.address)
        for _ in range(200):
            half = socket.create_connection((where.hostname, where.port))
            silent.enter_context(half).sendall(b"GET / HTTP/1.1\r\n")

        assert httpx.get(f"{site.address}/healthz", timeout=5).status_code == 200


def test_a_port_in_use_fails_with_one_sentence_before_anything_starts(
    site: Site, tmp_path: Path
) -> None:
    port = site.address.rpartition(":")[2]
    other = single_process_environment(tmp_path, api=NOWHERE)
    refused = processes.run_command("serve", "--port", port, environment=other)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        f"CommandError: Port {port} on 127.0.0.1 is already in use. "
        f"Stop the other program or choose another port: make serve PORT={int(port) + 1}"
    )
    assert not (tmp_path / "data" / "loopsweb.sqlite3").exists()


def test_no_worker_needs_redis(tmp_path: Path) -> None:
    environment = single_process_environment(tmp_path, api=NOWHERE)
    refused = processes.run_command("serve", "--no-worker", environment=environment)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        "CommandError: --no-worker needs REDIS_URL: without it, the queue lives in the worker's "
        "memory."
    )


def test_two_concurrent_starts_both_succeed(tmp_path: Path) -> None:
    environment = single_process_environment(tmp_path, api=NOWHERE)
    processes.run_command("check", environment=environment)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()

    def start_and_end(name: str) -> int:
        with start_site(tmp_path / name, environment) as site:
            return site.process.end()

    with ThreadPoolExecutor() as both:
        assert list(both.map(start_and_end, ["a", "b"])) == [0, 0]
    assert processes.run_command("migrate", "--check", environment=environment).returncode == 0


def test_from_an_empty_folder_to_rows_on_a_page(tmp_path: Path) -> None:
    with (
        start_simulator(tmp_path) as api,
        start_site(tmp_path, single_process_environment(tmp_path, api=api)) as site,
    ):
        processes.create_admin("ada@example.com", environment=site.environment)
        with open_visitor(
            site.address, email="ada@example.com", password=processes.PASSWORD
        ) as visitor:
            assert visitor.get("/w/ada/runs/").status_code == 200
            added = visitor.submit("/keys/", name="Mine", secret="demo-org-key")
            assert added.status_code == 200
            wait_for(lambda: "Qwen/Qwen3-8B" in visitor.get("/w/ada/runs/").text)
        wait_for(lambda: site.get("/readyz").text == READY)
        counted = r'loopsweb_api_request_seconds_count{method="GET",route="[^"]+",status="200"}'
        assert re.search(counted, site.get("/metrics").text)
        forwarded = site.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
        assert forwarded.status_code == 401
        [worker] = find_children(site.process.popen.pid)
        site.process.popen.kill()
        wait_for(lambda: not is_running(worker))


def find_children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for one in lists for child in one.read_text().split()]


def is_running(pid: int) -> bool:
    """False also for one that has ended and that nobody has waited for."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
