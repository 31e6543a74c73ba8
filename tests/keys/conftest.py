from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest

from loopsweb.loops_api import http_client
from loopsweb.simulator import Simulator


@pytest.fixture
def documented(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """The API of the document's generation."""
    simulator = Simulator(generation="documented", now=now)
    with httpx.Client(transport=httpx.WSGITransport(app=simulator.wsgi)) as http:
        monkeypatch.setattr(http_client, "http", lambda: http)
        yield simulator
