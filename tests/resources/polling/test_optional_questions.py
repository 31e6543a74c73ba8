"""What no list needs is asked last, and its failure is the failure of nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key, KeyState
from loopsweb.resources.models import Bill, PollState
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.simulator import Simulator
from tests.resources.conftest import AddKey

Poll = Callable[..., int]
BILL = "GET /v1/billing/usage_summary"
METRICS = "POST /v1/loops/deployments/{deployment_id}/metrics"
FAULTS = [
    {"mode": "rate_limit"},
    {"mode": "status", "status": 401},
    {"mode": "reset"},
]


@pytest.fixture
def key(world: Simulator, add_key: AddKey) -> Key:
    world.world.add_deployment(id="d", run=world.world.add_run(id="r"))
    return add_key()


def list_asked(loops: Simulator) -> list[str]:
    """The last part of each path, in order; then none are on record."""
    asked = [request.path.rsplit("/", 1)[-1] for request in loops.requests]
    loops.requests.clear()
    return asked


def assert_all_is_well(key: Key, acme: Workspace) -> None:
    freshness = load_freshness(acme)
    told = {freshness.of(feed).error for feed in ("runs", "samplers", "deployments", "checkpoints")}
    assert told == {""}
    assert (freshness.overall.error, freshness.overall.failing_since) == ("", None)
    key.refresh_from_db()
    state = PollState.objects.get()
    assert (key.state, state.refused_since, state.failures) == (KeyState.HEALTHY, None, 0)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["mode"])
def test_a_bill_that_fails_fails_alone_and_is_asked_for_again_an_hour_later(
    fault: dict[str, object], key: Key, acme: Workspace, world: Simulator, poll: Poll
) -> None:
    world.add_fault(BILL, count=None, **fault)  # type: ignore[arg-type]
    poll()
    asked = list_asked(world)
    assert "checkpoints" in asked
    assert set(asked[asked.index("usage_summary") :]) == {"usage_summary"}
    bill = Bill.objects.get()
    assert (bill.usd, bool(bill.problem)) == (None, True)
    for _ in range(4):
        poll(after=300)
        assert_all_is_well(key, acme)
    asked = list_asked(world)
    assert "checkpoints" in asked
    assert "usage_summary" not in asked
    poll(after=2400)
    assert "usage_summary" in list_asked(world)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["mode"])
def test_metrics_that_fail_fail_alone_and_are_asked_for_again_later(
    fault: dict[str, object], key: Key, acme: Workspace, world: Simulator, poll: Poll
) -> None:
    world.world.add_deployment(id="e", run=world.world.add_run(id="r2"))
    poll()
    list_asked(world)
    world.add_fault(METRICS, count=None, **fault)  # type: ignore[arg-type]
    poll(after=1800)
    asked = list_asked(world)
    assert "checkpoints" in asked
    assert set(asked[asked.index("metrics") :]) == {"metrics"}
    for _ in range(2):
        poll(after=120)
        assert_all_is_well(key, acme)
    asked = list_asked(world)
    assert "checkpoints" in asked
    assert "metrics" not in asked
    poll(after=3600)
    assert "metrics" in list_asked(world)


def test_a_limit_on_the_bill_ends_the_asking(key: Key, world: Simulator, poll: Poll) -> None:
    poll()
    list_asked(world)
    world.add_fault(BILL, mode="rate_limit", count=None)
    poll(after=3600)
    assert list_asked(world)[-1] == "usage_summary"
    poll(after=120)
    assert list_asked(world)[-1] == "metrics"
    key.poll_state.refresh_from_db()
    assert key.poll_state.failures == 0


def test_a_poll_that_was_limited_asks_for_no_more(key: Key, world: Simulator, poll: Poll) -> None:
    world.add_fault("GET /v1/loops/runs", mode="rate_limit", count=None)
    poll()
    assert list_asked(world)[-1] == "runs"
    assert not Bill.objects.exists()
    key.poll_state.refresh_from_db()
    assert key.poll_state.failures == 1


@pytest.mark.parametrize("route", [BILL, METRICS])
def test_a_wait_that_the_api_asks_for_is_kept(
    route: str, key: Key, world: Simulator, poll: Poll
) -> None:
    poll()
    world.add_fault(route, "rate_limit", count=None, retry_after=120)
    poll(after=3600)
    assert list_asked(world)
    poll(after=110)
    assert list_asked(world) == []
    poll(after=20)
    assert "checkpoints" in list_asked(world)
