"""Lists are stored together where they are small and come at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Deployment, Run, Sampler
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.polling import list_batch, poller
from loopsweb.simulator import Simulator
from tests.resources.claims import claim_polls
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
MODELS = (Run, Sampler, Deployment)


def list_stored() -> list[str]:
    return [each.noun for each in MODELS if each.objects.exists()]


def poll_watched(clock: Timeline, *, seconds: float) -> list[list[str]]:
    """Poll, each question some seconds after the last one. Return what is stored before each."""
    seen: list[list[str]] = []

    def watch() -> bool:
        clock.pass_(seconds)
        seen.append(list_stored())
        return False

    [state_id] = claim_polls(now=clock())
    poller.run_poll(state_id, clock=clock, is_stopping=watch)
    return seen[: len(MODELS) + 1]


def add_pair(world: Simulator) -> None:
    world.world.add_deployment(run=world.world.add_run())


def test_small_lists_are_stored_together(
    world: Simulator, add_key: AddKey, clock: Timeline
) -> None:
    add_pair(world)
    add_key()
    everything = ["run", "sampler", "deployment"]
    assert poll_watched(clock, seconds=0.5) == [[], [], [], everything]


def test_what_came_two_seconds_ago_waits_no_longer(
    world: Simulator, add_key: AddKey, clock: Timeline
) -> None:
    add_pair(world)
    add_key()
    assert poll_watched(clock, seconds=3)[:3] == [[], [], ["run", "sampler"]]


def test_a_large_list_is_stored_before_the_next_question(
    world: Simulator, add_key: AddKey, clock: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_batch, "MAX_BYTES", 100)
    add_pair(world)
    add_key()
    assert poll_watched(clock, seconds=0)[:3] == [[], ["run"], ["run", "sampler"]]


@pytest.mark.parametrize("fault", [401, 429, 500])
def test_lists_that_came_before_a_failure_are_kept(
    fault: int, acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    add_pair(world)
    add_key()
    world.add_fault("GET /v1/loops/deployments", "status", count=None, status=fault)
    poll()
    assert list_stored() == ["run", "sampler"]
    assert load_freshness(acme).overall.failing_since


def test_a_worker_that_stops_keeps_the_lists_that_came(
    world: Simulator, add_key: AddKey, clock: Timeline
) -> None:
    add_pair(world)
    add_key()
    [state_id] = claim_polls(now=clock())
    poller.run_poll(state_id, clock=clock, is_stopping=lambda: len(world.requests) == 2)
    assert list_stored() == ["run", "sampler"]


def test_three_changed_pairs_take_as_many_statements_as_one(
    world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    """And their figures are worked out once, though three lists tell of each pair."""
    for _ in range(3):
        add_pair(world)
    add_key()
    poll()
    counts = []
    for number, status in ((1, "DEPLOYING"), (3, "RUNNING")):
        for deployment in list(world.world.deployments.values())[:number]:
            deployment.status = status
        for sampler in list(world.world.samplers.values())[:number]:
            sampler.status = status
        for run in list(world.world.runs.values())[:number]:
            run.name = f"as of round {number}"
        with CaptureQueriesContext(connection) as queries:
            assert poll(after=120) == 1
        sql = [each["sql"] for each in queries.captured_queries]
        counts.append(len(sql))
        start = f'UPDATE "{Deployment._meta.db_table}"'
        assert sum(each.startswith(start) for each in sql) <= 1
    assert counts[1] == counts[0]
