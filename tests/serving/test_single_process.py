from __future__ import annotations

import socket
from contextlib import closing

import pytest
from pytest_django import Settings

from loopsweb.serving import single_process


def test_a_stopped_worker_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    single_process.start_thread("worker", lambda: None).join()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "CRITICAL",
            "The worker has stopped, so nothing is polled any more. Restart loopsweb.",
        )
    ]


@pytest.mark.parametrize(
    ("https", "proxies", "cleared"),
    [(False, 0, True), (True, 0, False), (False, 1, False), (True, 1, False)],
)
def test_proxy_headers_are_kept_behind_a_proxy(
    https: bool, proxies: int, cleared: bool, settings: Settings
) -> None:
    settings.HTTPS, settings.PROXIES = https, proxies

    with closing(
        single_process.create_web_server(socket.create_server(("127.0.0.1", 0)))
    ) as server:
        assert server.adj.clear_untrusted_proxy_headers is cleared
        server.task_dispatcher.shutdown()
