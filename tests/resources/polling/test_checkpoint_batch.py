"""Answers about checkpoints are stored together, each with what is known of it alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loopsweb.resources.checkpoints.models import CheckpointFeed
from loopsweb.resources.models import Checkpoint, PollState, StatusChange
from loopsweb.resources.polling import checkpoint_batch, poller
from loopsweb.simulator import Simulator
from tests.resources.claims import claim_polls
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]


def add_runs(world: Simulator, number: int) -> None:
    for place in range(number):
        run = world.world.add_run(base_model=f"model-{place}")
        world.world.add_checkpoint(run=run)


def count_asked(world: Simulator) -> int:
    return sum("checkpoints" in each.path for each in world.requests)


def test_twice_the_answers_take_as_many_statements(
    world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    counts = []
    for number in (4, 8):
        world.world.clear()
        Checkpoint.objects.all().delete()
        PollState.objects.all().delete()
        add_runs(world, number)
        add_key(f"demo-{'org' if number == 4 else 'other'}-key")
        with CaptureQueriesContext(connection) as queries:
            poll()
        counts.append(len(queries))
        assert Checkpoint.objects.filter(missing_since=None).count() == number
    assert counts[1] <= counts[0]


@pytest.mark.parametrize("at_most", [1, 3])
def test_a_full_batch_is_stored_before_the_next_question(
    at_most: int, world: Simulator, add_key: AddKey, poll: Poll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_batch, "MAX_CHECKPOINTS", at_most)
    add_runs(world, 7)
    add_key()
    with CaptureQueriesContext(connection) as queries:
        poll()
    inserts = [each for each in queries.captured_queries if each["sql"].startswith("INSERT")]
    stored = [each for each in inserts if Checkpoint._meta.db_table + '"' in each["sql"]]
    assert len(stored) == -(-7 // at_most)
    assert Checkpoint.objects.count() == 7


@pytest.mark.parametrize("fault", [401, 500])
def test_what_was_answered_before_a_failure_is_kept(
    fault: int, world: Simulator, add_key: AddKey, clock: Timeline
) -> None:
    add_runs(world, 6)
    add_key()
    [state_id] = claim_polls(now=clock())

    def fail_in_time() -> bool:
        if count_asked(world) == 3:
            world.add_fault("GET /v1/loops/checkpoints", "status", count=None, status=fault)
        return False

    poller.run_poll(state_id, clock=clock, is_stopping=fail_in_time)
    assert Checkpoint.objects.count() == 3
    assert CheckpointFeed.objects.exclude(as_of=None).count() == 3


def test_a_worker_that_stops_keeps_what_was_answered(
    world: Simulator, add_key: AddKey, clock: Timeline
) -> None:
    add_runs(world, 6)
    add_key()
    [state_id] = claim_polls(now=clock())
    poller.run_poll(state_id, clock=clock, is_stopping=lambda: count_asked(world) == 3)
    assert Checkpoint.objects.count() == 3


def test_each_change_has_the_time_of_its_own_last_answer(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    """Of a run that is asked about at every poll, and of one that is asked about seldom."""
    runs = [world.world.add_run(status=status) for status in ("ACTIVE", "INACTIVE")]
    checkpoints = [world.world.add_checkpoint(run=run) for run in runs]
    add_key()
    poll()
    begun = clock()
    assert poll(after=100) == 1
    later = clock()
    for checkpoint in checkpoints:
        checkpoint.sync_status = "FAILED"
    assert poll(after=90) == 1

    seen = dict(StatusChange.objects.values_list("remote_id", "last_seen_old_at"))
    assert seen == {checkpoints[0].id: later, checkpoints[1].id: begun}
