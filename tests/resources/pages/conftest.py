from __future__ import annotations

import pytest
from django.test import Client

from loopsweb.accounts.models import User, Workspace
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import AddKey
from tests.resources.pages.new_forms import QWEN


@pytest.fixture
def creator(world: Simulator, alice: User, acme: Workspace, add_key: AddKey) -> Client:
    """The browser of alice, who has a key."""
    add_key()
    return login_as(alice)


@pytest.fixture
def fields(world: Simulator) -> dict[str, str]:
    """What a new run or sampler needs."""
    return {"session_id": world.world.add_session().id, "base_model": QWEN}
