from __future__ import annotations

import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest
from pytest_django import Settings

from loopsweb.serving import single_process
from loopsweb.serving.heaps import FEW_HEAPS
from tests.processes import wait_for


def test_a_worker_that_ends_is_logged_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The first ends at once, the next when its standard input does."""
    monkeypatch.setattr(single_process, "RESTART_SECONDS", 0.1)
    log = tmp_path / "starts"
    script = f"""
import sys
with open({str(log)!r}, "a+") as log:
    log.write("started\\n")
    log.seek(0)
    is_first = len(log.readlines()) == 1
sys.exit(3) if is_first else sys.stdin.read()
"""
    worker = single_process.EmbeddedWorker((sys.executable, "-c", script))
    first = worker.process
    worker.start()
    wait_for(lambda: worker.process is not first)
    wait_for(lambda: log.exists() and log.read_text() == "started\nstarted\n")
    assert worker.process.poll() is None
    worker.stop()
    assert worker.process.returncode == 0
    [record] = caplog.records
    assert record.levelname == "CRITICAL"
    assert record.getMessage() == (
        "The worker has stopped (exit code 3), so nothing is polled. "
        "Another one starts in 0.1 seconds."
    )


def test_a_worker_has_few_heaps(tmp_path: Path) -> None:
    told = tmp_path / "told"
    script = f"import os; open({str(told)!r}, 'w').write(os.environ['MALLOC_ARENA_MAX'])"
    worker = single_process.EmbeddedWorker((sys.executable, "-c", script))
    assert worker.process.wait() == 0
    worker.stop()
    assert told.read_text() == FEW_HEAPS["MALLOC_ARENA_MAX"]


@pytest.mark.parametrize("https", [False, True])
@pytest.mark.parametrize("proxies", [0, 1])
def test_proxy_headers_are_kept(https: bool, proxies: int, settings: Settings) -> None:
    """The site decides what to believe: /metrics asks whether a proxy forwards."""
    settings.HTTPS, settings.PROXIES = https, proxies
    listener = socket.create_server(("127.0.0.1", 0))
    with closing(single_process.create_web_server(listener)) as server:
        assert server.adj.clear_untrusted_proxy_headers is False
        server.task_dispatcher.shutdown()
