from __future__ import annotations

import signal
import socket
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests import processes
from tests.processes import READY, single_process_environment, start_simulator, start_site, wait_for
from tests.visitor import open_visitor

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_serve_prints_its_url_and_stops_within_three_seconds(
    tmp_path: Path, ending: signal.Signals
) -> None:
    with start_site(tmp_path, single_process_environment(tmp_path, api=NOWHERE)) as site:
        assert f"loopsweb is up: {site.address}\n" in site.process.read_log()
        asked_at = time.monotonic()
        assert site.process.end(ending) == 0
        assert time.monotonic() - asked_at < 3
    assert "Traceback" not in site.process.read_log()


def test_secrets_are_created_once_and_private(tmp_path: Path) -> None:
    environment = single_process_environment(tmp_path, api=NOWHERE)
    with start_site(tmp_path, environment) as site:
        first = site.process.read_log()
    names = ["secret_key", "loopsweb_secret_keys"]
    files = [tmp_path / "data" / name for name in names]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert [f"{name.upper()} is not set. Created one" in first for name in names] == [True, True]
    contents = [file.read_text() for file in files]
    with start_site(tmp_path, environment) as site:
        assert "is not set" not in site.process.read_log().removeprefix(first)
    assert [file.read_text() for file in files] == contents


def test_data_files_are_private(tmp_path: Path) -> None:
    environment = single_process_environment(tmp_path, api=NOWHERE, SECRET_KEY="s" * 50)
    with start_site(tmp_path, environment):
        paths = [tmp_path / "data", *(tmp_path / "data").iterdir()]
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) & 0o077 for file in paths}
    assert "loopsweb.sqlite3" in modes
    assert set(modes.values()) == {0}


def test_an_oversized_request_is_refused(tmp_path: Path) -> None:
    with start_site(tmp_path, single_process_environment(tmp_path, api=NOWHERE)) as site:
        answer = httpx.post(f"{site.address}/accounts/login/", content=b"x" * 2_000_000)
    assert answer.status_code == 413


def test_idle_connections_block_nobody(tmp_path: Path) -> None:
    with (
        start_site(tmp_path, single_process_environment(tmp_path, api=NOWHERE)) as site,
        ExitStack() as silent,
    ):
        where = urlsplit(site.address)
        for _ in range(200):
            half = socket.create_connection((where.hostname, where.port))
            silent.enter_context(half).sendall(b"GET / HTTP/1.1\r\n")

        assert httpx.get(f"{site.address}/healthz", timeout=5).status_code == 200


def test_a_port_in_use_fails_with_one_sentence_before_anything_starts(tmp_path: Path) -> None:
    environment = single_process_environment(tmp_path, api=NOWHERE)
    with start_site(tmp_path, environment) as site:
        port = site.address.rpartition(":")[2]
        other = environment | {"LOOPSWEB_DATA_DIR": str(tmp_path / "other")}
        refused = processes.run_command("serve", "--port", port, environment=other)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        f"CommandError: Port {port} on 127.0.0.1 is already in use. "
        f"Stop the other program or choose another port: --port {int(port) + 1}"
    )
    assert not (tmp_path / "other" / "loopsweb.sqlite3").exists()


def test_no_worker_needs_redis(tmp_path: Path) -> None:
    environment = single_process_environment(tmp_path, api=NOWHERE)
    refused = processes.run_command("serve", "--no-worker", environment=environment)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        "CommandError: --no-worker needs REDIS_URL: without it, the task queue lives in this "
        "process."
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
