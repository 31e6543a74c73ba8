"""A field that an answer leaves out keeps what is known, marked as not in the last answer."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.loops_api import parsers
from loopsweb.loops_api.omissions import fill_omissions
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler, StatusChange
from loopsweb.resources.nouns import find_noun
from loopsweb.resources.snapshot.models import FIGURES, MEASURED, Snapshot
from loopsweb.simulator import Simulator
from loopsweb.simulator.dispatcher import Dispatcher
from loopsweb.simulator.entities import Entity
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
MODELS = (Run, Sampler, Deployment, Checkpoint)
BOOKKEEPING = frozenset(
    {"id", "raw", "digest", "omitted", "is_status_omitted", "unknown_since", "detailed_at"}
).union(FIGURES, MEASURED)


@pytest.fixture
def things(world: Simulator, add_key: AddKey, poll: Poll) -> dict[type[Snapshot], Entity]:
    """One of each noun, with every field given, read once."""
    sampler = world.world.add_sampler()
    run = world.world.add_run(sampler=sampler, status="ACTIVE")
    deployment = world.world.add_deployment(run=run, status="RUNNING")
    checkpoint = world.world.add_checkpoint(run=run, sync_status="SYNCING")
    add_key()
    poll()
    return {Run: run, Sampler: sampler, Deployment: deployment, Checkpoint: checkpoint}


def columns(model: type[Snapshot]) -> dict[str, Any]:
    return {k: v for k, v in model._default_manager.values().get().items() if k not in BOOKKEEPING}


def switch(world: Simulator, generation: str) -> None:
    world.dispatcher = Dispatcher(world.world, world.lifecycle, generation)
    for thing in (*world.world.runs.values(), *world.world.samplers.values()):
        thing.extra = {**thing.extra}  # forget its cached JSON


def test_answers_of_an_older_server_change_nothing_that_is_known(
    things: dict[type[Snapshot], Entity], world: Simulator, poll: Poll
) -> None:
    known = {model: columns(model) for model in MODELS}
    for generation in ("documented", "current", "documented"):
        switch(world, generation)
        poll(after=120)
        assert {model: columns(model) for model in MODELS} == known
        is_short = generation == "documented"
        assert Run.objects.get().is_status_omitted == is_short
        assert ("user" in Deployment.objects.get().omitted) == is_short
    assert StatusChange.objects.count() == 0


def test_what_has_no_status_is_not_counted_as_ended(
    acme: Workspace, alice: User, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    """A server of the document's generation gives runs no status."""
    session = world.world.add_session(id="s")
    for n in range(3):
        run = world.world.add_run(id=f"r{n}", session=session)
        world.world.add_checkpoint(run=run, sync_status=None)
    switch(world, "documented")
    add_key()
    poll()
    browser: Client = login_as(alice)
    pages = [browser.get(f"/w/acme/{path}").content.decode() for path in ("", "sessions/")]
    overview, sessions = [" ".join(strip_tags(page).split()) for page in pages]
    assert "Active runs \N{EM DASH} + 3 without a status" in overview
    assert "Checkpoints syncing \N{EM DASH} + 3 without a status" in overview
    assert "s 3 \N{EM DASH} + 3 without a status" in sessions
    for path, said in (("sessions/s/", "0 to resume"), ("runs/r0/deactivation/", "0 saved")):
        page = " ".join(strip_tags(browser.get(f"/w/acme/{path}").content.decode()).split())
        assert said in page, path
        assert "1 of unknown sync status" in page, path
    answer: Any = browser.post("/w/acme/sessions/")
    [row] = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert (row["active_runs"], row["runs_without_a_status"]) == ("", "3")


@pytest.mark.parametrize("model", MODELS)
def test_every_field_that_an_answer_omits_keeps_its_value(
    model: type[Snapshot], things: dict[type[Snapshot], Entity], world: Simulator, poll: Poll
) -> None:
    known = columns(model)
    row = model._default_manager.get()
    for field in row.raw.keys() - {"id"}:
        things[model].omit = {field}
        poll(after=120)
        assert columns(model) == known, field
        row = model._default_manager.get()
        assert row.omitted == [field]
        assert row.is_status_omitted == (field in {"status", "sync_status"})
    things[model].omit = ()
    poll(after=120)
    assert (columns(model), model._default_manager.get().omitted) == (known, [])
    assert StatusChange.objects.count() == 0


@pytest.mark.parametrize("status", [None, {}, {"name": None}, {"name": ""}, {"name": 7}, 7])
def test_an_unreadable_status_is_no_change(
    status: Any, things: dict[type[Snapshot], Entity], poll: Poll
) -> None:
    things[Deployment].extra = {"status": status}
    poll(after=120)
    row = Deployment.objects.get()
    assert (row.status, row.omitted) == ("RUNNING", ["status"])
    things[Deployment].extra = {"status": {"name": "FAILED"}}
    poll(after=120)
    assert list(StatusChange.objects.values_list("old", "new")) == [("RUNNING", "FAILED")]


def test_a_change_after_answers_without_status_does_not_say_when_the_old_one_was_seen_last(
    things: dict[type[Snapshot], Entity], poll: Poll
) -> None:
    deployment = things[Deployment]
    deployment.omit = ["status"]
    poll(after=120)
    poll(after=120)
    deployment.omit, deployment.extra = [], {"status": {"name": "STOPPED"}}
    poll(after=120)
    changes = StatusChange.objects.filter(noun="deployment")
    assert list(changes.values_list("new", "last_seen_old_at")) == [("STOPPED", None)]


@pytest.mark.usefixtures("things")
def test_the_last_answer_before_something_left_the_list_may_not_have_told_its_status(
    world: Simulator, poll: Poll
) -> None:
    listed = world.world.deployments
    [deployment] = listed.values()
    deployment.omit = ["status"]
    poll(after=120)
    del listed[deployment.id]
    poll(after=120)
    listed[deployment.id], deployment.omit = deployment, []
    deployment.extra = {"status": {"name": "STOPPED"}}
    poll(after=120)
    changes = StatusChange.objects.filter(noun="deployment")
    assert list(changes.values_list("new", "last_seen_old_at")) == [("STOPPED", None)]


def test_null_is_an_answer(things: dict[type[Snapshot], Entity], poll: Poll) -> None:
    things[Deployment].extra = {"active_run_id": None}
    poll(after=120)
    row = Deployment.objects.get()
    assert (row.active_run_remote_id, row.omitted) == ("", [])


def test_the_first_status_is_no_change(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    deployment = world.world.add_deployment(status="STOPPED", omit={"status"})
    add_key()
    poll()
    first_seen_at = clock()
    deployment.omit = ()
    poll(after=120)
    row = Deployment.objects.get()
    assert (row.status, row.changed_at, row.omitted) == ("STOPPED", first_seen_at, [])
    assert StatusChange.objects.count() == 0


def test_an_unchanged_shorter_answer_writes_nothing(
    acme: Workspace, things: dict[type[Snapshot], Entity], world: Simulator, poll: Poll
) -> None:
    switch(world, "documented")
    poll(after=120)
    poll(after=120)
    acme.refresh_from_db()
    version = acme.version
    poll(after=120)
    acme.refresh_from_db()
    assert acme.version == version


def test_nested_fields_are_kept_for_the_same_object_only() -> None:
    machine = {"id": "h100", "name": "H100", "gpu_count": 8}
    earlier = {"id": "d", "instance_type": machine, "sampler": {"id": "s", "base_url": "https://s"}}
    same = parsers.parse_deployment(
        {"id": "d", "instance_type": {"id": "h100", "gpu_count": "8"}, "sampler": {"id": "s"}}
    )
    assert same is not None
    found, omitted = fill_omissions(same, earlier)
    assert found.instance_type == parsers.parse_instance_type(machine)
    assert found.sampler
    assert found.sampler.base_url == "https://s"
    assert omitted == ["instance_type.name", "instance_type.gpu_count", "sampler.base_url"]
    other = parsers.parse_deployment({"id": "d", "instance_type": {"id": "a10"}, "sampler": None})
    assert other is not None
    assert fill_omissions(other, earlier) == (other, [])


def test_another_spelling_is_no_omission() -> None:
    earlier = {"run_id": "r", "session_id": "s", "sampling_server": {"id": "x"}}
    run = parsers.parse_run({"id": "r", "session_id": "s", "sampler": None})
    assert run is not None
    assert fill_omissions(run, earlier) == (run, [])


def test_pages_name_what_the_last_answer_lacked(
    acme: Workspace, alice: User, things: dict[type[Snapshot], Entity], poll: Poll
) -> None:
    browser: Client = login_as(alice)
    for model, thing in things.items():
        thing.omit = {"status", "sync_status", "base_model"}
        poll(after=120)
        slug, row = find_noun(model).slug, model._default_manager.get()
        page = browser.get(reverse(f"{slug}:detail", args=[acme.slug, row.remote_id]))
        assert "<strong>Not in the last answer:</strong>" in page.content.decode()
        assert '<span class="muted">Last known:</span>' in page.content.decode()
        listed = browser.get(reverse(f"{slug}:list", args=[acme.slug])).content.decode()
        assert "status not in the last answer" in listed
        thing.omit = ()
