"""What GPUs did after the newest trainer checkpoint is shown before they are stopped, and kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils.html import strip_tags

from loopsweb.accounts.models import User
from loopsweb.resources.models import Deactivation, Deployment
from loopsweb.simulator import Simulator
from loopsweb.ui.templatetags.ui import span
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
MINUTE = timedelta(minutes=1)
METRICS = "POST /v1/loops/deployments/{deployment_id}/metrics"
SHOWN = ("deployments/d/deactivation/", "runs/r/")
UNKNOWN = "Whether GPUs worked after it was saved is unknown."
NONE = "GPUs are not known to have worked after it was saved."


@pytest.fixture
def last_save(world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline) -> timedelta:
    """After which it saved: a checkpoint to train from and the same weights to sample from."""
    run = world.world.add_run(id="r")
    world.world.add_deployment(id="d", run=run)
    add_key()
    poll()
    saved = timedelta(minutes=30)
    for target in ("trainer", "sampler"):
        world.world.add_checkpoint(
            run=run, name="step-1", target=target, created_at=clock() + saved
        )
    return saved


def read(person: User, path: str) -> str:
    page = login_as(person).get(f"/w/acme/{path}")
    assert page.status_code == 200
    return " ".join(strip_tags(page.content.decode()).split())


@pytest.mark.parametrize("goes_on", [False, True])
def test_work_after_the_newest_checkpoint_is_shown_and_kept(
    goes_on: bool, alice: User, world: Simulator, last_save: timedelta, poll: Poll, clock: Timeline
) -> None:
    saved_at = clock() + last_save
    lasted = timedelta(minutes=20)
    if not goes_on:
        world.world.deployments["d"].idle_since = saved_at + lasted
    poll(after=(last_save + lasted).total_seconds() if goes_on else 9 * 3600)
    worked_at = Deployment.objects.get().worked_at
    assert worked_at
    assert abs(worked_at - saved_at - lasted) <= MINUTE
    time = span(worked_at - saved_at)
    text = f"GPUs were {'still busy' if goes_on else 'busy until'} {time} after it was saved: what"
    for path in SHOWN:
        assert text in read(alice, path), path
    data = {"reason": "idle", "typed": "d"}
    assert login_as(alice).post(f"/w/acme/{SHOWN[0]}", data).status_code == 302
    record = Deactivation.objects.get()
    [run] = record.preflight["runs"]
    assert run["worked_after_newest"] == int((worked_at - saved_at).total_seconds())
    assert text in read(alice, record.get_absolute_url().removeprefix("/w/acme/"))


def test_where_it_is_unknown_that_is_said(
    alice: User, world: Simulator, last_save: timedelta, poll: Poll
) -> None:
    world.add_fault(METRICS, mode="status", status=404, count=None)
    poll(after=9 * 3600)
    for path in SHOWN:
        assert UNKNOWN in read(alice, path), path


def test_where_nothing_came_after_it_that_is_said(
    alice: User, world: Simulator, last_save: timedelta, poll: Poll, clock: Timeline
) -> None:
    world.world.deployments["d"].idle_since = clock() + last_save
    poll(after=9 * 3600)
    for path in SHOWN:
        assert NONE in read(alice, path), path


def test_what_can_resume_training_is_counted_apart(
    alice: User, last_save: timedelta, poll: Poll
) -> None:
    poll(after=9 * 3600)
    text = "1 saved to resume training from · 1 to sample from"
    assert text in read(alice, SHOWN[0])
