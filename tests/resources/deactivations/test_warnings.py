"""Every warning of the form before something is ended is kept in its record, and shown there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.html import strip_tags

from loopsweb.accounts.models import User
from loopsweb.resources.deactivations.models import Batch
from loopsweb.resources.models import Deactivation, Deployment
from loopsweb.simulator import Simulator
from loopsweb.ui.templatetags.ui import span
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline
from tests.resources.deactivations.requests import fill_batch_form

Poll = Callable[..., int]
UNSAVED = "No trainer checkpoint is known, so all progress would be lost"


@pytest.fixture
def browser(alice: User, add_key: AddKey) -> Client:
    add_key(shared=True)
    return login_as(alice)


def read(browser: Client, path: str) -> str:
    return " ".join(strip_tags(browser.get(path).content.decode()).split())


def request(browser: Client, noun: str, remote_id: str) -> tuple[list[str], Deactivation]:
    """Returns the titles of the warnings of the form, and the record of what it requested."""
    path = f"/w/acme/{noun}/{remote_id}/deactivation/"
    shown = browser.get(path).context["warnings"]
    page = read(browser, path)
    assert browser.post(path, {"reason": "idle", "typed": remote_id}).status_code == 302
    record = Deactivation.objects.get(target_remote_id=remote_id)
    assert record.preflight["warnings"] == [asdict(one) for one in shown]
    kept = read(browser, record.get_absolute_url())
    for text in (text for one in shown for text in (one.title, one.text)):
        said = " ".join(text.split())
        assert (said in page, said in kept) == (True, True), said
    return [one.title for one in shown], record


def test_a_sampler_that_may_be_in_use(browser: Client, world: Simulator, poll: Poll) -> None:
    world.world.add_sampler(id="s")
    poll()
    titles, record = request(browser, "samplers", "s")
    assert titles == ["It may be in use"]
    assert "Ask its owner first." in read(browser, record.get_absolute_url())


def test_lost_progress_and_what_is_not_idle(browser: Client, world: Simulator, poll: Poll) -> None:
    run = world.world.add_run(id="r")
    world.world.add_deployment(id="d", run=run)
    world.world.add_checkpoint(run=run, name="step-1", sync_status="SYNCING")
    poll()
    Deployment.objects.update(last_work_sign="busy")
    titles, _ = request(browser, "deployments", "d")
    assert titles == ["It is not idle", "1 checkpoint still SYNCING may be lost", UNSAVED]


def test_work_that_is_in_no_checkpoint(
    browser: Client, world: Simulator, poll: Poll, clock: Timeline
) -> None:
    run = world.world.add_run(id="r")
    world.world.add_deployment(id="d", run=run)
    poll()
    saved_at, lasted = clock() + timedelta(minutes=30), timedelta(minutes=20)
    world.world.add_checkpoint(run=run, name="step-1", created_at=saved_at)
    world.world.deployments["d"].idle_since = saved_at + lasted
    poll(after=9 * 3600)
    worked_at = Deployment.objects.get().worked_at
    assert worked_at
    titles, record = request(browser, "runs", "r")
    time = span(worked_at - saved_at)
    assert titles == [f"GPUs were busy until {time} after the newest trainer checkpoint was saved"]
    assert [one["tone"] for one in record.preflight["warnings"]] == ["warn"]


def test_several_at_once_keep_the_same(browser: Client, world: Simulator, poll: Poll) -> None:
    for name in ("s", "t"):
        world.world.add_sampler(id=name)
    poll()
    url = "/w/acme/samplers/deactivations/"
    ids = ["s", "t"]
    answer = browser.get(url, {"id": ids}).content.decode()
    assert answer.count("It may be in use.") == 2
    assert browser.post(url, fill_batch_form(browser, url, ids)).status_code == 302
    kept = [row.preflight["warnings"] for row in Batch.objects.get().rows.all()]
    assert [[one["title"] for one in each] for each in kept] == [["It may be in use"]] * 2


def test_no_person_is_kept_in_them(browser: Client, world: Simulator, poll: Poll) -> None:
    run = world.world.add_run(id="r")
    world.world.add_deployment(id="d", run=run)
    world.world.add_checkpoint(run=run, name="bo@example.com", sync_status="SYNCING")
    poll()
    browser.post("/w/acme/deployments/d/deactivation/", {"reason": "idle", "typed": "d"})
    assert "bo@example.com" not in str(Deactivation.objects.get().preflight)
