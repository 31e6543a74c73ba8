"""What the last answer does not list is in no count of what is so now; it is counted beside it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.dashboard.attention import find_attention_items
from loopsweb.dashboard.totals import sum_spending
from loopsweb.json_api.tokens import actions as tokens
from loopsweb.resources.deactivations.impact import assess_impact
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler
from loopsweb.resources.polling.work_in_progress import list_work_in_progress
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import AddKey

BESIDE = "+ 3 not in the last answer"


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


@pytest.fixture(autouse=True)
def vanished(world: Simulator, add_key: AddKey, poll: Callable[..., int]) -> None:
    """Of 7 of each noun 3 are left out of the answers. All checkpoints are of run-6."""
    session = world.world.add_session(id="s")
    runs = [world.world.add_run(id=f"run-{n}", session=session) for n in range(7)]
    long_ago = world.world.now - timedelta(hours=1)
    for n, run in enumerate(runs):
        world.world.add_deployment(run=run, id=f"dep-{n}")
        world.world.add_sampler(id=f"alone-{n}", session=session)
        world.world.add_checkpoint(
            run=runs[6],
            id=f"chk-{n}",
            name=f"step-{n}",
            sync_status="SYNCING",
            created_at=long_ago,
        )
    add_key()
    poll()
    there = world.world
    for n in range(3):
        sampler = there.runs.pop(f"run-{n}").sampler
        assert sampler
        del there.samplers[sampler.id], there.samplers[f"alone-{n}"]
        del there.deployments[f"dep-{n}"], there.checkpoints[f"chk-{n}"]
    runs[6].checkpoints = runs[6].checkpoints[3:]
    Sampler.objects.filter(remote_id__startswith="alone").update(session_remote_id="s")
    poll(after=120)
    for model in (Run, Deployment, Checkpoint):
        assert model.objects.exclude(missing_since=None).count() == 3


def read(browser: Client, path: str) -> str:
    text = strip_tags(browser.get(f"/w/acme/{path}").content.decode())
    return re.sub(r"\s+", " ", text)


def test_the_overview_counts_what_is_listed(browser: Client, acme: Workspace) -> None:
    text = read(browser, "")
    assert f"Active runs 4 {BESIDE}" in text
    assert f"Live deployments 4 {BESIDE}" in text
    assert f"Checkpoints syncing 4 {BESIDE}" in text
    running = text.partition("Running now")[2].partition("Newest checkpoints")[0]
    assert [f"dep-{n}" in running for n in range(7)] == [False] * 3 + [True] * 4
    assert "3 not in the last answer" in running
    listed = [*Deployment.objects.reported(), *Sampler.objects.reported()]
    gpus = sum(row.gpus_held or 0 for row in listed)
    assert f"GPUs in use{gpus} + 6 not in the last answer" in text
    items = find_attention_items(acme, now=timezone.now())
    texts = [item.text for item in items if item.name.startswith("bt://")]
    assert sum("still syncing. It is not safe" in text for text in texts) == 4
    assert sum("not in the last answer" in text for text in texts) == 3


def test_the_sampler_of_a_vanished_deployment_still_counts(
    acme: Workspace, world: Simulator, poll: Callable[..., int]
) -> None:
    before = sum_spending(acme).gpus
    del world.world.deployments["dep-6"]
    poll(after=120)
    gpus = sum_spending(acme).gpus
    trainer = Deployment.objects.get(remote_id="dep-6").gpu_count or 0
    assert trainer > 0
    assert before.known is not None
    assert (gpus.known, gpus.unreported) == (before.known - trainer, before.unreported + 1)


def test_nothing_that_vanished_holds_gpus_for_sure() -> None:
    holders: list[Any] = [*Deployment.objects.all(), *Sampler.objects.all()]
    assert {row.gpus_held is None for row in holders if row.missing_since} == {True}
    assert {row.gpus_held is None for row in holders if not row.missing_since} == {False}


def test_sessions_count_what_is_listed(browser: Client) -> None:
    text = read(browser, "sessions/")
    assert text.count(f"4 {BESIDE}") == 2
    answer: Any = browser.post("/w/acme/sessions/")
    [row] = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    names = ("active_runs", "standalone_samplers")
    assert [row[name] for name in names] == ["4", "4"]
    assert [row[f"{name}_not_in_the_last_answer"] for name in names] == ["3", "3"]
    text = read(browser, "sessions/s/")
    assert "4 runs may still be running." in text
    assert "3 runs are not in the last answer: whether they run is not known." in text
    assert "0 to resume from0 to sample from4 syncing3 not in the last answer" in text


@pytest.mark.parametrize(
    ("noun", "chosen"),
    [("runs", "status=ACTIVE"), ("deployments", "status=RUNNING"), ("checkpoints", "sync=SYNCING")],
)
def test_lists_and_their_filters_count_apart_what_is_not_listed(
    noun: str, chosen: str, browser: Client
) -> None:
    word = chosen.partition("=")[2]
    assert f"{word} (4 {BESIDE})" in read(browser, f"{noun}/?{chosen}")
    for query in ("", f"?{chosen}"):
        assert f"7 {noun}, 3 of them not in the last answer" in read(browser, f"{noun}/{query}")
    assert f"4 {noun}, filtered from 7" in read(browser, f"{noun}/?seen=yes")


def test_pages_of_a_run_and_of_its_end_say_which_checkpoints_are_not_listed(
    browser: Client,
) -> None:
    assert "All 7, 3 of them not in the last answer" in read(browser, "runs/run-6/")
    text = read(browser, "deployments/dep-6/deactivation/")
    assert "4 checkpoints still SYNCING may be lost" in text
    assert "4 still SYNCING · 3 not in the last answer" in text


def test_ending_what_vanished_frees_nothing_for_sure(browser: Client) -> None:
    for row in (Run.objects.get(remote_id="run-0"), Deployment.objects.get(remote_id="dep-0")):
        figures = assess_impact(row).figures
        assert (figures.gpus_held, figures.cost_per_hour) == (None, None)
    assert "Not in the last answer. It may have ended" in read(
        browser, "deployments/dep-0/deactivation/"
    )
    bulk = reverse("deactivations:bulk", args=["acme", "deployments"])
    text = read(browser, f"{bulk.removeprefix('/w/acme/')}?id=dep-0&id=dep-6")
    assert "GPUs: —, — per hour" in text


def test_the_json_api_counts_apart_what_is_not_listed(acme: Workspace, alice: User) -> None:
    by = Actor(workspace="acme", person="", role="", address="", request_id="")
    created = tokens.create(
        person=alice, workspace=acme, name="t", days=1, by=by, now=timezone.now()
    )
    client = Client(headers={"Authorization": f"Bearer {created.secret}"})
    answer = client.get("/api/v1/w/acme/runs/", {"status": "ACTIVE"}).json()
    assert (answer["total"], answer["total_not_in_the_last_answer"]) == (7, 3)


def test_what_vanished_is_no_work_in_progress(acme: Workspace) -> None:
    lost: dict[str, Any] = {"missing_since": timezone.now()}
    assert any(rows.exists() for rows in list_work_in_progress(acme))
    models: tuple[type[Snapshot], ...] = (Checkpoint, Deployment)
    for model in models:
        model._default_manager.update(**lost)
    assert not any(rows.exists() for rows in list_work_in_progress(acme))
