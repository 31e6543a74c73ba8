"""Servers that have only the API's oldest routes, and such that are upgraded."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler
from loopsweb.resources.nouns import FEEDS
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.polling.reasons import NOT_OFFERED
from loopsweb.simulator import Simulator
from loopsweb.simulator.dispatcher import Dispatcher
from tests.personas import login_as
from tests.resources.conftest import AddKey

Poll = Callable[..., int]
CANONICAL = ("runs", "samplers", "checkpoints", "deployments", "runs/{run_id}")


@pytest.fixture
def oldest(world: Simulator) -> Simulator:
    """A server without any canonical list, with a run that has a checkpoint."""
    run = world.world.add_run(id="r")
    world.world.add_deployment(run=run)
    world.world.add_checkpoint(run=run)
    world.dispatcher = Dispatcher(world.world, world.lifecycle, "documented")
    for route in CANONICAL:
        world.add_fault(f"GET /v1/loops/{route}", mode="status", status=404, count=None)
    return world


@pytest.mark.usefixtures("oldest")
def test_what_the_oldest_servers_do_not_list_is_no_failure(
    acme: Workspace, alice: User, add_key: AddKey, poll: Poll
) -> None:
    key = add_key()
    poll()
    assert (key.generation, Run.objects.count(), Checkpoint.objects.count()) == ("legacy", 1, 1)
    fresh, browser = load_freshness(acme), login_as(alice)
    for noun in ("samplers", "deployments"):
        said = NOT_OFFERED.format(name=noun)
        feed = fresh.of(noun)
        assert (feed.as_of, feed.failing_since, feed.error) == (None, None, said)
        page = unescape(strip_tags(browser.get(f"/w/acme/{noun}/").content.decode()))
        assert (said in page, "Waiting for the first answer" in page) == (True, False)
    assert fresh.of("runs").failing_since is None


def test_an_upgraded_server_is_read_by_its_new_routes(
    acme: Workspace, oldest: Simulator, add_key: AddKey, poll: Poll
) -> None:
    add_key()
    poll()
    oldest.clear_faults()
    oldest.dispatcher = Dispatcher(oldest.world, oldest.lifecycle, "current")
    for _ in range(2):
        poll(after=200)
        assert {feed.error for feed in map(load_freshness(acme).feed, FEEDS)} == {""}
    rows = [model.objects.get() for model in (Run, Sampler, Deployment, Checkpoint)]
    assert [row.is_reported for row in rows] == [True] * 4
    assert Key.objects.get().generation == "current"


def test_a_scope_that_was_not_found_out_is_not_called_missing(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    world.world.add_deployment()
    world.add_fault("GET /v1/loops/deployments", mode="status", status=500, count=None)
    assert add_key().can_manage is None
    world.clear_faults()
    poll()
    assert load_freshness(acme).of("deployments").error == ""


def test_a_server_that_falls_back_is_read_by_its_oldest_routes_until_it_is_upgraded_again(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    world.world.add_deployment(run=world.world.add_run(id="r"))
    world.dispatcher = Dispatcher(world.world, world.lifecycle, "documented")
    add_key()
    poll()
    for generation, faults in (("legacy", CANONICAL), ("current", ())):
        world.clear_faults()
        for route in faults:
            world.add_fault(f"GET /v1/loops/{route}", mode="status", status=404, count=None)
        for _ in range(2):
            poll(after=200)
        assert Key.objects.get().generation == generation
        runs = load_freshness(acme).of("runs")
        assert (runs.error, runs.failing_since) == ("", None)
        assert Run.objects.get().is_reported
    world.requests.clear()
    world.add_fault("*", mode="status", status=404, count=None)
    poll(after=200)
    asked = [(each.method, each.path) for each in world.requests]
    assert asked.count(("POST", "/v1/trainers/search")) == 1
    assert Key.objects.get().generation == "current"
