"""After a gateway timeout the API may still have acted."""

from __future__ import annotations

import pytest

from loopsweb.keys.clients import build_client
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations import dispatch
from loopsweb.resources.deactivations.states import State
from loopsweb.simulator import Simulator


@pytest.mark.parametrize(
    ("status", "state"),
    [(408, State.UNKNOWN), (460, State.UNKNOWN), (499, State.UNKNOWN), (409, State.REFUSED)],
)
def test_gateway_timeouts_leave_a_deactivation_unknown(
    world: Simulator, key: Key, status: int, state: State
) -> None:
    world.world.add_deployment(id="d1")
    world.add_fault("POST /v1/loops/deployments/d1/deactivate", "status", status=status)

    assert dispatch.call_api(build_client(key), "deployment", "d1")[0] == state
