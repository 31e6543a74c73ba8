from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations import dispatch, reconcile, sync_waits
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.models import Deployment
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.claims import claim_due, claim_sent
from tests.resources.conftest import AddKey, Timeline
from tests.resources.deactivations.requests import submit_form

Poll = Callable[..., int]
CreateDeployments = Callable[[int], list[Deployment]]


@pytest.fixture
def create_deployments(
    acme: Workspace, alice: User, world: Simulator, add_key: AddKey, poll: Poll
) -> CreateDeployments:
    """Create deployments without an owner, each with a run whose progress is saved."""

    def create(number: int) -> list[Deployment]:
        add_key(shared=True)
        for _ in range(number):
            run = world.world.add_run()
            world.world.add_deployment(run=run)
            world.world.add_checkpoint(run=run, name="step-1")
        poll()
        world.requests.clear()
        return list(Deployment.objects.order_by("pk"))

    return create


@pytest.fixture
def deployment(create_deployments: CreateDeployments) -> Deployment:
    [one] = create_deployments(1)
    return one


@pytest.fixture
def syncing_deployment(world: Simulator, add_key: AddKey, poll: Poll) -> Deployment:
    """One whose run has a saved checkpoint and one that is still SYNCING."""
    add_key()
    run = world.world.add_run(name="grpo")
    remote = world.world.add_deployment(run=run)
    world.world.add_checkpoint(run=run, name="step-1")
    world.world.add_checkpoint(run=run, name="step-2", sync_status="SYNCING")
    poll()
    world.requests.clear()
    return Deployment.objects.get(remote_id=remote.id)


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


@pytest.fixture
def owned_by_bo(deployment: Deployment) -> None:
    Deployment.objects.update(owner_email="bo@example.com")
    deployment.refresh_from_db()


@pytest.fixture
def policy(acme: Workspace) -> Policy:
    return Policy.objects.create(team=acme.team, approve_others=True, approval_hours=2)


@pytest.fixture
def real_time(clock: Timeline) -> Timeline:
    """The clock of the test, set to the real time, which views use."""
    clock.now = timezone.now()
    return clock


@pytest.fixture
def deactivation(
    acme: Workspace,
    otto: User,
    deployment: Deployment,
    owned_by_bo: None,
    policy: Policy,
    real_time: Timeline,
) -> Deactivation:
    """otto's request to end a deployment of bo's, which needs approval."""
    response = submit_form(otto, deployment)
    found = Deactivation.objects.get()
    assert response.headers["Location"] == found.get_absolute_url()
    return found


def run_tick(clock: Timeline, *, at_most: int | None = None) -> int:
    """Do what the worker does each second. Return how many requests were sent."""
    dispatch.expire_overdue(now=clock())
    sync_waits.settle_waits(now=clock())
    claimed = claim_due(now=clock(), at_most=at_most)
    for pk in claimed:
        dispatch.dispatch(pk, clock=clock)
    return len(claimed)


def reconcile_sent(clock: Timeline) -> None:
    for pk in claim_sent(now=clock()):
        reconcile.reconcile(pk, now=clock())


def list_calls(world: Simulator) -> list[str]:
    return [request.path for request in world.requests if request.path.endswith("/deactivate")]


def list_outcomes(deactivation: Deactivation) -> list[tuple[str, str]]:
    """Return (outcome, person) of each audit event of the request."""
    events = Event.objects.filter(incident=deactivation.incident).order_by("pk")
    return [(event.outcome, event.person) for event in events if event.action.endswith("e")]
