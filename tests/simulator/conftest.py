from __future__ import annotations

import pytest

from loopsweb.simulator import Simulator


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
