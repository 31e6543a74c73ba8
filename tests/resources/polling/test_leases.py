"""A lease is short, kept while the poll runs, and given back when the worker ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import CheckpointFeed
from loopsweb.resources.models import PollState
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.polling import leases, poller
from loopsweb.resources.polling.queue import find_due_states
from loopsweb.simulator import Simulator
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
SECOND = timedelta(seconds=1)


@pytest.fixture
def state(world: Simulator, add_key: AddKey, clock: Timeline) -> PollState:
    """Claimed."""
    world.world.add_run()
    add_key()
    [state] = find_due_states(now=clock())
    assert leases.claim([state], now=clock())
    return state


def test_a_killed_poll_costs_a_short_lease(state: PollState, clock: Timeline) -> None:
    assert find_due_states(now=clock() + leases.LEASE) == []
    assert find_due_states(now=clock() + leases.LEASE + SECOND) == [state]


def test_a_kept_lease_does_not_expire(state: PollState, clock: Timeline) -> None:
    for _ in range(60):
        clock.pass_(1)
        leases.renew_lease(state, now=clock())
        assert find_due_states(now=clock()) == []


def test_a_lost_lease_is_neither_renewed_nor_released(state: PollState, clock: Timeline) -> None:
    later = clock() + leases.LEASE + SECOND
    other = PollState.objects.get()
    assert leases.claim([other], now=later)
    leases.renew_lease(state, now=later)
    leases.hand_back(state, now=later)
    assert not leases.release_lease(state, next_poll_at=later)
    assert PollState.objects.get().leased_until == later + leases.LEASE


@pytest.mark.parametrize("questions", [0, 1, 2])
def test_a_stopping_worker_hands_the_poll_back_between_two_questions(
    questions: int, state: PollState, acme: Workspace, world: Simulator, clock: Timeline
) -> None:
    poller.run_poll(state.pk, clock=clock, is_stopping=lambda: len(world.requests) >= questions)
    assert len(world.requests) == questions
    stored = PollState.objects.get()
    assert (stored.leased_until, stored.failures) == (None, 0)
    assert find_due_states(now=clock()) == [stored]
    assert load_freshness(acme).overall.failing_since is None


@pytest.mark.parametrize("before", [3, 4, 5, 6])
def test_a_poll_that_was_overtaken_changes_no_feed(
    before: int, state: PollState, world: Simulator, clock: Timeline
) -> None:
    """Another worker polls while this one is held up before a question."""
    asked, found = 0, list[object]()

    def list_feeds() -> list[object]:
        return [PollState.objects.get().feeds, *CheckpointFeed.objects.order_by("pk").values()]

    def be_overtaken() -> bool:
        nonlocal asked
        asked += 1
        if asked == before:
            clock.pass_(leases.LEASE.total_seconds() + 1)
            world.world.add_run()
            assert leases.claim([PollState.objects.get()], now=clock())
            poller.run_poll(state.pk, clock=clock)
            found.extend(list_feeds())
            clock.pass_(1)
        return False

    poller.run_poll(state.pk, clock=clock, is_stopping=be_overtaken)
    assert found
    assert list_feeds() == found
