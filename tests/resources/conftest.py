from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.keys import actions as keys
from loopsweb.keys.models import Key
from loopsweb.resources.polling import poller
from loopsweb.simulator import Simulator
from tests.resources.claims import claim_polls

API = "https://api.baseten.co"


class Timeline:
    """A clock that only moves when told to, together with the simulated API."""

    def __init__(self, now: datetime, loops: Simulator) -> None:
        self.now, self.loops = now, loops

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.loops.advance(seconds)


@pytest.fixture
def clock(now: datetime, loops: Simulator) -> Timeline:
    return Timeline(now, loops)


@pytest.fixture
def world(loops: Simulator) -> Simulator:
    """The simulated API, empty and with no recorded requests."""
    loops.world.clear()
    loops.requests.clear()
    return loops


AddKey = Callable[..., Key]


@pytest.fixture
def add_key(acme: Workspace, alice: User, clock: Timeline) -> AddKey:
    def add(secret: str = "demo-org-key", owner: User = alice, *, shared: bool = False) -> Key:
        by = Actor(workspace=acme.slug, person=owner.email, role="admin", address="", request_id="")
        key = keys.add(
            workspace=acme,
            owner=owner,
            name=secret,
            secret=secret,
            api_url=API,
            shared=shared,
            by=by,
            now=clock(),
        )
        clock.loops.requests.clear()
        return key

    return add


@pytest.fixture
def poll(clock: Timeline) -> Callable[..., int]:
    """Let `after` seconds pass, then poll what is due. Returns the number of polls."""

    def run(*, after: float = 0) -> int:
        clock.pass_(after)
        claimed = claim_polls(now=clock())
        for state_id in claimed:
            poller.run_poll(state_id, clock=clock)
        return len(claimed)

    return run
