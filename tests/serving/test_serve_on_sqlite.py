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
from tests.processes import embedded_environment, eventually, pretended_api, serving
from tests.visitor import visiting

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_says_its_address_and_ends_well_within_three_seconds(
    tmp_path: Path, ending: signal.Signals
) -> None:
    with serving(tmp_path, embedded_environment(tmp_path, api=NOWHERE)) as site:
        assert f"loopsweb is up: {site.address}\n" in site.process.said()
        asked_at = time.monotonic()
        assert site.process.end(ending) == 0
        assert time.monotonic() - asked_at < 3
    assert "Traceback" not in site.process.said()


def test_it_makes_its_secrets_once_for_its_owner_alone(tmp_path: Path) -> None:
    environment = embedded_environment(tmp_path, api=NOWHERE)
    with serving(tmp_path, environment) as site:
        first = site.process.said()
    names = ["secret_key", "loopsweb_secret_keys"]
    files = [tmp_path / "data" / name for name in names]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert [f"{name.upper()} is not set: made one" in first for name in names] == [True, True]
    kept = [file.read_text() for file in files]
    with serving(tmp_path, environment) as site:
        assert "is not set" not in site.process.said().removeprefix(first)
    assert [file.read_text() for file in files] == kept


def test_what_it_keeps_is_for_its_owner_alone(tmp_path: Path) -> None:
    environment = embedded_environment(tmp_path, api=NOWHERE, SECRET_KEY="s" * 50)
    with serving(tmp_path, environment):
        kept = [tmp_path / "data", *(tmp_path / "data").iterdir()]
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) & 0o077 for file in kept}
    assert "loopsweb.sqlite3" in modes
    assert set(modes.values()) == {0}


def test_a_request_too_large_for_any_form_is_not_taken_in(tmp_path: Path) -> None:
    with serving(tmp_path, embedded_environment(tmp_path, api=NOWHERE)) as site:
        answer = httpx.post(f"{site.address}/accounts/login/", content=b"x" * 2_000_000)
    assert answer.status_code == 413


def test_connections_that_say_nothing_stop_nobody(tmp_path: Path) -> None:
    with (
        serving(tmp_path, embedded_environment(tmp_path, api=NOWHERE)) as site,
        ExitStack() as silent,
    ):
        where = urlsplit(site.address)
        for _ in range(200):
            half = socket.create_connection((where.hostname, where.port))
            silent.enter_context(half).sendall(b"GET / HTTP/1.1\r\n")

        assert httpx.get(f"{site.address}/healthz", timeout=5).status_code == 200


def test_a_taken_port_is_one_sentence_and_nothing_is_begun(tmp_path: Path) -> None:
    environment = embedded_environment(tmp_path, api=NOWHERE)
    with serving(tmp_path, environment) as site:
        port = site.address.rpartition(":")[2]
        other = environment | {"LOOPSWEB_DATA_DIR": str(tmp_path / "other")}
        refused = processes.run("serve", "--port", port, environment=other)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        f"CommandError: Port {port} on 127.0.0.1 is taken by another program. "
        f"Stop that one, or name another: --port {int(port) + 1}"
    )
    assert not (tmp_path / "other" / "loopsweb.sqlite3").exists()


def test_a_worker_elsewhere_needs_a_queue_that_reaches_it(tmp_path: Path) -> None:
    environment = embedded_environment(tmp_path, api=NOWHERE)
    refused = processes.run("serve", "--no-worker", environment=environment)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        "CommandError: Without REDIS_URL the task queue lives in this process: "
        "it needs its worker here."
    )


def test_two_starts_at_once_on_one_database_both_come_up(tmp_path: Path) -> None:
    environment = embedded_environment(tmp_path, api=NOWHERE)
    processes.run("check", environment=environment)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()

    def start_and_end(name: str) -> int:
        with serving(tmp_path / name, environment) as site:
            return site.process.end()

    with ThreadPoolExecutor() as both:
        assert list(both.map(start_and_end, ["a", "b"])) == [0, 0]
    assert processes.run("migrate", "--check", environment=environment).returncode == 0


def test_from_an_empty_folder_to_rows_on_a_page(tmp_path: Path) -> None:
    with (
        pretended_api(tmp_path) as api,
        serving(tmp_path, embedded_environment(tmp_path, api=api)) as site,
    ):
        processes.make_admin("ada@example.com", environment=site.environment)
        with visiting(
            site.address, email="ada@example.com", password=processes.PASSWORD
        ) as visitor:
            assert visitor.get("/w/ada/runs/").status_code == 200
            added = visitor.submit("/keys/", name="Mine", secret="demo-org-key")
            assert added.status_code == 200
            eventually(lambda: "Qwen/Qwen3-8B" in visitor.get("/w/ada/runs/").text)
        eventually(lambda: site.get("/readyz").text == "database: ok\npolling: ok\n")
