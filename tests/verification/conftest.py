"""The servers of these tests: both simulators, and a real server if a key is set.

With LOOPSWEB_VERIFY_API_KEY the tests also read, and only read, from LOOPSWEB_VERIFY_API_URL
(default https://api.baseten.co).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from loopsweb.loops_api import Client, connection_pool
from loopsweb.simulator import Simulator

KEY = os.environ.get("LOOPSWEB_VERIFY_API_KEY", "")
URL = os.environ.get("LOOPSWEB_VERIFY_API_URL", "https://api.baseten.co")

Connect = Callable[[str], Client]


def _simulated(generation: str) -> Connect:
    simulator = Simulator(generation=generation)
    http = httpx.WSGITransport(app=simulator)
    return lambda key: Client(base_url="https://api.example.test", key=key, http=http)


TARGETS = [
    pytest.param((_simulated("documented"), "demo-org-key"), id="documented simulator"),
    pytest.param((_simulated("current"), "demo-org-key"), id="current simulator"),
]
if KEY:
    TARGETS.append(
        pytest.param(
            (lambda key: Client(base_url=URL, key=key), KEY),
            id="real server",
            marks=pytest.mark.allow_hosts([urlsplit(URL).hostname or ""]),
        )
    )


@pytest.fixture(params=TARGETS)
def target(request: pytest.FixtureRequest) -> Iterator[tuple[Connect, str]]:
    yield request.param
    if connection_pool.get_shared_pool.cache_info().currsize:
        connection_pool.get_shared_pool().close()
        connection_pool.get_shared_pool.cache_clear()


@pytest.fixture
def client(target: tuple[Connect, str]) -> Client:
    connect, key = target
    return connect(key)


@pytest.fixture
def stranger(target: tuple[Connect, str]) -> Client:
    """A client with an unknown key."""
    connect, _ = target
    return connect("nobody.has-this-key")
