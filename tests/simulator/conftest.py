from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from baseten.client import ManagementClient
from baseten.client.managementapi import ApiClient

from loopsweb.simulator import Simulator
from tests.simulator.http_calls import HOST


@pytest.fixture
def sim() -> Simulator:
    """A current server with the initial organisation."""
    return Simulator()


@pytest.fixture
def old() -> Simulator:
    """A documented server with the initial organisation."""
    return Simulator(generation="documented")


@pytest.fixture(params=["documented", "current"])
def either(request: pytest.FixtureRequest) -> Simulator:
    return Simulator(generation=request.param)


@pytest.fixture
def api(sim: Simulator) -> Iterator[ApiClient]:
    """The vendor's client of a current server."""
    http = httpx.Client(
        transport=httpx.WSGITransport(app=sim),
        base_url=HOST,
        headers={"Authorization": "Bearer demo-org-key"},
    )
    with http, ManagementClient(api_key="demo-org-key", http_client_override=http) as client:
        yield client.api
