from __future__ import annotations

from collections.abc import Callable

import pytest

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations import dispatch
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.models import Deployment
from loopsweb.simulator import Simulator
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
MadeDeployments = Callable[[int], list[Deployment]]


@pytest.fixture
def made(
    acme: Workspace, alice: User, world: Simulator, add_key: AddKey, poll: Poll
) -> MadeDeployments:
    """Deployments with a saved run each, which are nobody's loss."""

    def make(number: int) -> list[Deployment]:
        add_key(shared=True)
        for _ in range(number):
            run = world.world.add_run()
            world.world.add_deployment(run=run)
            world.world.add_checkpoint(run=run, name="step-1")
        poll()
        world.requests.clear()
        return list(Deployment.objects.order_by("pk"))

    return make


@pytest.fixture
def deployment(made: MadeDeployments) -> Deployment:
    [one] = made(1)
    return one


@pytest.fixture
def belongs_to_bo(deployment: Deployment) -> None:
    Deployment.objects.update(owner_email="bo@example.com")
    deployment.refresh_from_db()


@pytest.fixture
def policy(acme: Workspace) -> Policy:
    return Policy.objects.create(team=acme.team, approve_others=True, approval_hours=2)


@pytest.fixture
def real_time(clock: Timeline) -> Timeline:
    """Views read the real clock, so the test's goes on from there."""
    from django.utils import timezone

    clock.now = timezone.now()
    return clock


def tick(clock: Timeline) -> int:
    """What the worker does each second: how many were sent."""
    dispatch.expire_overdue(now=clock())
    claimed = dispatch.claim_due(now=clock())
    for pk in claimed:
        dispatch.dispatch(pk, clock=clock)
    return len(claimed)


def calls(world: Simulator) -> list[str]:
    return [request.path for request in world.requests if request.path.endswith("/deactivate")]


def steps(asked: Deactivation) -> list[tuple[str, str]]:
    events = Event.objects.filter(incident=asked.incident).order_by("pk")
    return [(event.outcome, event.person) for event in events if event.action.endswith("e")]
