from __future__ import annotations

import pytest

from loopsweb.serving import embedded


def test_a_worker_that_ends_by_itself_is_said_loudly(caplog: pytest.LogCaptureFixture) -> None:
    embedded.start("worker", lambda: None).join()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "CRITICAL",
            "The worker has stopped, so nothing is polled any more. Restart loopsweb.",
        )
    ]
