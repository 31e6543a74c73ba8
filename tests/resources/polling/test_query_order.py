"""However many queries for checkpoints there are, each has its turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.checkpoints.poll_plan import (
    MAX_QUERIES,
    CheckpointQuery,
    Plan,
    plan_queries,
)
from loopsweb.resources.models import Run
from loopsweb.resources.polling import poller
from loopsweb.resources.polling.poll import ENOUGH_QUERIES
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.simulator import Simulator
from tests.resources.claims import claim_polls
from tests.resources.conftest import AddKey, Timeline

AddRuns = Callable[..., None]


@pytest.fixture
def key(add_key: AddKey, world: Simulator) -> Key:
    return add_key()


@pytest.fixture
def add_runs(acme: Workspace, key: Key, clock: Timeline) -> AddRuns:
    """Others' runs: each is asked for alone."""

    def add(count: int, status: str) -> None:
        seen = {"workspace": acme, "source_key": key, "owner_email": "somebody@example.com"}
        Run.objects.bulk_create(
            Run(
                **seen,
                remote_id=f"{status.lower()}-{number:04}",
                status=status,
                first_seen_at=clock(),
                changed_at=clock(),
            )
            for number in range(count)
        )

    return add


def ask(plan: Plan, feeds: dict[CheckpointQuery, Feed], clock: Timeline) -> set[str]:
    """Answer what is due; returns the runs that were asked for."""
    feeds |= dict.fromkeys(plan.due, Feed(as_of=clock(), digest="same"))
    clock.pass_(5)
    return {query.value for query in plan.due}


def test_more_active_runs_than_one_poll_asks_for(
    key: Key, add_runs: AddRuns, clock: Timeline
) -> None:
    add_runs(MAX_QUERIES + 200, "ACTIVE")
    feeds: dict[CheckpointQuery, Feed] = {}
    asked = []
    for _ in range(2):
        poll = PollContext.for_key(key, now=clock())
        asked.append(ask(plan_queries(poll=poll, feeds=feeds), feeds, clock))
    assert [len(runs) for runs in asked] == [MAX_QUERIES] * 2
    assert len(asked[0] | asked[1]) == MAX_QUERIES + 200


def test_ended_runs_have_their_turn_beside_many_active_ones(
    key: Key, add_runs: AddRuns, clock: Timeline
) -> None:
    add_runs(MAX_QUERIES + 200, "ACTIVE")
    add_runs(200, "INACTIVE")
    feeds: dict[CheckpointQuery, Feed] = {}
    asked = set[str]()
    for _ in range(2):
        poll = PollContext.for_key(key, now=clock())
        asked |= ask(plan_queries(poll=poll, feeds=feeds), feeds, clock)
    assert len({run for run in asked if run.startswith("inactive")}) == 200


def test_active_runs_do_not_wait_for_many_ended_ones(
    key: Key, add_runs: AddRuns, clock: Timeline
) -> None:
    add_runs(2, "ACTIVE")
    add_runs(MAX_QUERIES * 2, "INACTIVE")
    feeds: dict[CheckpointQuery, Feed] = {}
    for _ in range(2):
        poll = PollContext.for_key(key, now=clock())
        asked = ask(plan_queries(poll=poll, feeds=feeds), feeds, clock)
        assert {"active-0000", "active-0001"} < asked


@pytest.mark.parametrize(("seconds", "asked"), [(0, 130), (1, ENOUGH_QUERIES)])
def test_a_slow_api_is_asked_for_less_in_one_poll(
    world: Simulator, add_key: AddKey, clock: Timeline, seconds: float, asked: int
) -> None:
    """seconds: that pass whenever the time is read."""
    for _ in range(130):
        world.world.add_run(owner=world.world.users[1]).status = "INACTIVE"
    add_key()
    [state] = claim_polls(now=clock())

    def tick() -> datetime:
        clock.pass_(seconds)
        return clock()

    poller.run_poll(state, clock=tick)
    queries = [one for one in world.requests if one.path == "/v1/loops/checkpoints"]
    assert len(queries) == asked
