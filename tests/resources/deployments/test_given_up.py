"""A proxy that stopped waiting does not say that nothing was done."""

from __future__ import annotations

import pytest

from loopsweb.keys.clients import client_of
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations import actions
from loopsweb.resources.deactivations.models import State
from loopsweb.simulator import Simulator


@pytest.mark.parametrize(
    ("status", "state"),
    [(408, State.UNKNOWN), (460, State.UNKNOWN), (499, State.UNKNOWN), (409, State.REFUSED)],
)
def test_what_a_deactivation_comes_to(
    world: Simulator, key: Key, status: int, state: State
) -> None:
    world.world.add_deployment(id="d1")
    world.fail("POST /v1/loops/deployments/d1/deactivate", "status", status=status)

    assert actions.call(client_of(key), "deployment", "d1")[0] == state
