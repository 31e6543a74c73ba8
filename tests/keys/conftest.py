from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from loopsweb.accounts.models import Workspace
from loopsweb.audit.record import Actor
from loopsweb.keys.models import Key
from loopsweb.keys.signals import key_ready
from loopsweb.simulator import Simulator
from tests.conftest import ConnectApi


@pytest.fixture
def documented(now: datetime, connect_api: ConnectApi) -> Simulator:
    """The simulator in the documented API generation."""
    simulator = Simulator(generation="documented", now=now)
    connect_api(httpx.WSGITransport(app=simulator))
    return simulator


@pytest.fixture
def by(acme: Workspace) -> Actor:
    return Actor(
        workspace=acme.slug,
        person="alice@example.com",
        role="admin",
        address="192.0.2.7",
        request_id="r1",
    )


@pytest.fixture
def ready() -> Iterator[list[Key]]:
    """The keys that `key_ready` was sent for."""
    ready: list[Key] = []

    def hear(*, key: Key, **_: Any) -> None:
        ready.append(key)

    key_ready.connect(hear)
    yield ready
    key_ready.disconnect(hear)
