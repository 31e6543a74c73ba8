from __future__ import annotations

import pytest

from loopsweb.simulator import Simulator


@pytest.fixture
def sim() -> Simulator:
    """Newer servers, with the organisation as it is at first."""
    return Simulator()


@pytest.fixture
def old() -> Simulator:
    """Servers of the document's generation."""
    return Simulator(generation="documented")


@pytest.fixture(params=["documented", "current"])
def either(request: pytest.FixtureRequest) -> Simulator:
    return Simulator(generation=request.param)
