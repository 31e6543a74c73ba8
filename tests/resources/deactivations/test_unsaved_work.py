"""What GPUs did after the newest trainer checkpoint is shown before they are stopped, and kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.template import engines
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.deactivations.models import Batch, Policy
from loopsweb.resources.models import Deactivation, Deployment
from loopsweb.simulator import Simulator
from loopsweb.ui.templatetags.ui import span
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline
from tests.resources.deactivations.requests import fill_batch_form

Poll = Callable[..., int]
MINUTE = timedelta(minutes=1)
METRICS = "POST /v1/loops/deployments/{deployment_id}/metrics"
SHOWN = ("deployments/d/deactivation/", "runs/r/")
SEVERAL = ("deployments/deactivations/?id=d", "runs/deactivations/?id=r")
UNKNOWN = "Whether GPUs worked after it was saved is unknown."
NONE = "GPUs are not known to have worked after it was saved."


@pytest.fixture
def last_save(world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline) -> timedelta:
    """After which it saved: a checkpoint to train from and the same weights to sample from."""
    run = world.world.add_run(id="r")
    world.world.add_deployment(id="d", run=run)
    add_key(shared=True)
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
    time = span(worked_at - saved_at, " ")
    work = f"GPUs were {'still busy' if goes_on else 'busy until'} {time} after"
    text = f"{work} the newest trainer checkpoint was saved. What was learnt in that time is"
    assert text in read(alice, SHOWN[0])
    assert f"{work} it was saved: what was learnt" in read(alice, SHOWN[1])
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
    for path in SHOWN + SEVERAL:
        assert UNKNOWN in read(alice, path), path


def test_where_nothing_came_after_it_that_is_said(
    alice: User, world: Simulator, last_save: timedelta, poll: Poll, clock: Timeline
) -> None:
    world.world.deployments["d"].idle_since = clock() + last_save
    poll(after=9 * 3600)
    for path in SHOWN + SEVERAL:
        assert NONE in read(alice, path), path


def test_what_can_resume_training_is_counted_apart(
    alice: User, last_save: timedelta, poll: Poll
) -> None:
    poll(after=9 * 3600)
    text = "1 saved to resume training from · 1 to sample from"
    assert text in read(alice, SHOWN[0])


def test_several_at_once_show_it_in_each_row_and_keep_it_in_each_record(
    alice: User, world: Simulator, last_save: timedelta, poll: Poll, clock: Timeline
) -> None:
    saved_at, lasted = clock() + last_save, timedelta(minutes=20)
    world.world.deployments["d"].idle_since = saved_at + lasted
    world.world.add_deployment(id="never_saved", run=world.world.add_run())
    poll(after=9 * 3600)
    worked_at = Deployment.objects.get(remote_id="d").worked_at
    assert worked_at
    time = span(worked_at - saved_at, " ")
    for path, noun in zip(SEVERAL, ("deployment", "run"), strict=True):
        text = read(alice, path)
        assert f"GPUs of 1 {noun} worked after the newest trainer checkpoint was saved" in text
        assert text.count(f"GPUs were busy until {time} after it was saved") == 1
    browser, ids = login_as(alice), ["d", "never_saved"]
    url = f"/w/acme/{SEVERAL[0].partition('?')[0]}"
    assert browser.post(url, fill_batch_form(browser, url, ids)).status_code == 302
    kept = {
        row.target_remote_id: [run["worked_after_newest"] for run in row.preflight["runs"]]
        for row in Batch.objects.get().rows.all()
    }
    assert kept == {"d": [int((worked_at - saved_at).total_seconds())], "never_saved": [None]}


def test_whoever_approves_sees_it_as_it_is_now(
    alice: User,
    otto: User,
    acme: Workspace,
    world: Simulator,
    last_save: timedelta,
    poll: Poll,
) -> None:
    world.add_fault(METRICS, mode="status", status=404, count=None)
    poll(after=9 * 3600)
    Deployment.objects.update(owner_email="bo@example.com")
    Policy.objects.create(team=acme.team, approve_others=True)
    login_as(otto).post(f"/w/acme/{SHOWN[0]}", {"reason": "idle", "typed": "d"})
    path = Deactivation.objects.get().get_absolute_url().removeprefix("/w/acme/")
    text = read(alice, path)
    assert (text.count(UNKNOWN), text.count(NONE)) == (2, 0)


@pytest.mark.parametrize(
    ("run", "text"),
    [({}, UNKNOWN), ({"seconds": None}, UNKNOWN), ({"seconds": 0}, NONE)],
    ids=["kept before it was", "unknown", "none"],
)
def test_a_record_of_old_claims_nothing(run: dict[str, int | None], text: str) -> None:
    page = "{% include 'resources/unsaved_work.html' with seconds=run.seconds %}"
    said = engines["django"].from_string(page).render({"run": run})
    assert strip_tags(said).strip() == text
