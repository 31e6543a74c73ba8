"""The pages of a pair's parts say what holds for all of it: they end together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.models import Deployment
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
ADVICE = "Deactivate it when it is no longer needed."


@pytest.fixture
def sampler_id(world: Simulator, add_key: AddKey, poll: Poll) -> str:
    """Of the deployment d and its run r."""
    world.world.add_deployment(id="d", run=world.world.add_run(id="r"))
    add_key()
    poll()
    return Deployment.objects.get().sampler_remote_id


def read(person: User, path: str) -> str:
    return " ".join(strip_tags(login_as(person).get(f"/w/acme/{path}").content.decode()).split())


@pytest.mark.parametrize("noun", ["deployment", "run"])
def test_they_say_that_the_other_is_protected(
    noun: str, vic: User, acme: Workspace, sampler_id: str, clock: Timeline
) -> None:
    remote_id = {"deployment": "d", "run": "r"}[noun]
    fields = {"noun": noun, "remote_id": remote_id, "person": "Olga", "since": clock()}
    Protection.objects.create(workspace=acme, **fields)
    text = f"not itself protected Its {noun} {remote_id} is, and both end together. By Olga"
    for path in ("deployments/d/", "runs/r/", f"samplers/{sampler_id}/"):
        assert (text in read(vic, path)) == (path != f"{noun}s/{remote_id}/"), path


def test_what_was_asked_to_stop_is_neither_active_nor_to_be_stopped(
    alice: User, world: Simulator, sampler_id: str, poll: Poll, clock: Timeline
) -> None:
    """The API ends the run and its sampler first; the deployment is RUNNING meanwhile."""
    world.world.deployments["d"].idle_since = clock()
    poll(after=timedelta(hours=9).total_seconds())
    before = Deployment.objects.get()
    assert ADVICE in read(alice, "deployments/d/")
    data = {"reason": "idle", "typed": "d"}
    assert login_as(alice).post("/w/acme/deployments/d/deactivation/", data).status_code == 302
    world.world.deployments["d"].status = "RUNNING"
    world.world.runs["r"].status = "INACTIVE"
    world.world.samplers[sampler_id].status = "DEACTIVATING"
    poll(after=5)
    row = Deployment.objects.get()
    assert row.status == "RUNNING"
    assert (row.last_work_at, row.last_work_sign) == (before.last_work_at, before.last_work_sign)
    for path in ("deployments/d/", "runs/r/"):
        page = read(alice, path)
        assert (ADVICE in page, "deactivate it" in page) == (False, False), path
