from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.json_api.tokens import actions
from loopsweb.resources.models import Deployment, Run, Sampler
from loopsweb.resources.polling import poller
from loopsweb.simulator import Simulator
from tests.personas import add_key
from tests.resources.claims import claim_polls

Ask = Callable[..., HttpResponse]
NOBODY = Actor(workspace="acme", person="", role="", address="", request_id="")


def create_token(person: User, workspace: Workspace, **given: Any) -> actions.CreatedToken:
    usual: dict[str, Any] = {"name": "script", "days": 7, "by": NOBODY, "now": timezone.now()}
    return actions.create(person=person, workspace=workspace, **(usual | given))


@pytest.fixture
def token(vic: User, acme: Workspace) -> actions.CreatedToken:
    """A token of vic, who is a viewer of acme."""
    return create_token(vic, acme)


@pytest.fixture
def ask(token: actions.CreatedToken) -> Ask:
    def ask_with(path: str, secret: str = token.secret, **params: Any) -> Any:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return Client(headers=headers).get(f"/api/v1/{path}", params)

    return ask_with


@pytest.fixture
def deployment(acme: Workspace, alice: User, loops: Simulator) -> Deployment:
    """A deployment without an owner, whose run has a checkpoint."""
    loops.world.clear()
    run = loops.world.add_run()
    there = loops.world.add_deployment(run=run)
    loops.world.add_checkpoint(run=run, name="step-1")
    add_key(alice, workspace=acme, secret="demo-org-key", shared=True, now=timezone.now())
    for state_id in claim_polls(now=timezone.now()):
        poller.run_poll(state_id, clock=timezone.now)
    loops.requests.clear()
    for model in (Deployment, Run, Sampler):
        model.objects.update(owner_email="")
    return Deployment.objects.get(remote_id=there.id)
