from __future__ import annotations

import socket
from contextlib import closing

import pytest
from pytest_django import Settings

from loopsweb.serving import embedded


def test_a_worker_that_ends_by_itself_is_said_loudly(caplog: pytest.LogCaptureFixture) -> None:
    embedded.start("worker", lambda: None).join()
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
def test_what_a_proxy_says_is_kept_where_there_is_one(
    https: bool, proxies: int, cleared: bool, settings: Settings
) -> None:
    settings.HTTPS, settings.PROXIES = https, proxies

    with closing(embedded.web_server(socket.create_server(("127.0.0.1", 0)))) as server:
        assert server.adj.clear_untrusted_proxy_headers is cleared
        server.task_dispatcher.shutdown()
