from __future__ import annotations

from datetime import datetime

import httpx
import pytest

from loopsweb.simulator import Simulator
from tests.conftest import ConnectApi


@pytest.fixture
def documented(now: datetime, connect_api: ConnectApi) -> Simulator:
    """The simulator in the documented API generation."""
    simulator = Simulator(generation="documented", now=now)
    connect_api(httpx.WSGITransport(app=simulator.wsgi))
    return simulator
