"""While nothing is new, one time of the poll state tells how old all answers are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loopsweb.accounts.models import User
from loopsweb.resources import removed_keys
from loopsweb.resources.models import Checkpoint, CheckpointFeed, PollState, StatusChange
from loopsweb.resources.polling import poller
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.simulator import Simulator
from tests.resources.claims import claim_polls
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
WRITES = ("INSERT", "UPDATE", "DELETE")


@pytest.fixture
def runs(world: Simulator, add_key: AddKey) -> list[str]:
    """One that trains, and three that have ended, of another owner each."""
    training = world.world.add_run(owner=world.world.users[1])
    world.world.add_deployment(run=training)
    ended = [world.world.add_run(owner=world.world.users[1]) for _ in range(3)]
    for run in ended:
        run.status = "INACTIVE"
        world.world.add_checkpoint(run=run)
    add_key()
    return [training.id, *(run.id for run in ended)]


@pytest.fixture
def settle(poll: Poll, clock: Timeline) -> Callable[[], None]:
    """Poll until nothing is new."""

    def run() -> None:
        for _ in range(2):
            PollState.objects.update(next_poll_at=clock())
            assert poll() == 1
            clock.pass_(5)

    return run


def list_asked(loops: Simulator) -> list[str]:
    found = [r.query["run_id"] for r in loops.requests if r.path == "/v1/loops/checkpoints"]
    loops.requests.clear()
    return found


def get_age() -> object:
    return Feed.load(PollState.objects.get(), "checkpoints").as_of


def test_a_poll_without_news_takes_few_statements(
    world: Simulator, runs: list[str], settle: Callable[[], None], clock: Timeline
) -> None:
    settle()
    clock.pass_(80)
    [state_id] = claim_polls(now=clock())
    with CaptureQueriesContext(connection) as queries:
        poller.run_poll(state_id, clock=clock)
    statements = [each["sql"] for each in queries.captured_queries]
    assert (len(statements), sum(one.startswith(WRITES) for one in statements)) == (2, 1)
    state = PollState.objects.get()
    assert (state.checkpoints_confirmed_at, state.last_success_at) == (clock(), clock())


def test_runs_that_have_ended_are_asked_about_once_in_a_while(
    world: Simulator, runs: list[str], poll: Poll, clock: Timeline
) -> None:
    poll()
    begun = clock()
    assert sorted(list_asked(world)) == sorted(runs)
    poll(after=80)
    assert list_asked(world) == runs[:1]
    assert get_age() == begun
    poll(after=80)
    assert sorted(list_asked(world)) == sorted(runs)
    assert get_age() == clock()


def test_runs_asked_about_seldom_are_asked_about_together(
    world: Simulator, runs: list[str], poll: Poll, clock: Timeline
) -> None:
    """Else the oldest of their answers would always be old."""
    poll()
    poll(after=50)
    world.world.runs[runs[0]].status = "INACTIVE"
    for deployment in world.world.deployments.values():
        deployment.status = "STOPPED"
    poll(after=5)
    list_asked(world)
    poll(after=70)
    assert sorted(list_asked(world)) == sorted(runs)
    assert get_age() == clock()


def test_a_status_that_changes_after_confirmed_answers_changed_after_the_last_of_them(
    world: Simulator, runs: list[str], poll: Poll, clock: Timeline
) -> None:
    saved = world.world.add_checkpoint(run=world.world.runs[runs[0]], sync_status="SYNCING")
    poll()
    poll(after=80)
    confirmed_at = clock()
    saved.sync_status = "COMPLETED"
    poll(after=80)
    change = StatusChange.objects.get(noun="checkpoint")
    assert (change.last_seen_old_at, change.first_seen_new_at) == (confirmed_at, clock())
    assert Checkpoint.objects.get(remote_id=saved.id).sync_status == "COMPLETED"


def test_a_failure_keeps_the_time_of_the_last_answers(
    world: Simulator,
    runs: list[str],
    settle: Callable[[], None],
    poll: Poll,
    clock: Timeline,
) -> None:
    settle()
    poll(after=70)
    confirmed_at = clock()
    world.add_fault("GET /v1/loops/checkpoints", "status", status=500)
    clock.pass_(10)
    PollState.objects.update(next_poll_at=clock())
    poll()
    failing = CheckpointFeed.objects.get(value=runs[0])
    assert (failing.as_of, failing.failing_since) == (confirmed_at, clock())
    assert PollState.objects.get().checkpoint_plan == {}


def test_checkpoints_are_as_old_as_the_list_of_runs(
    world: Simulator, runs: list[str], poll: Poll, clock: Timeline
) -> None:
    """Nothing was asked of a run that is not in it yet."""
    poll()
    begun = clock()
    world.add_fault("GET /v1/loops/runs", "status", status=500)
    list_asked(world)
    poll(after=130)
    assert sorted(list_asked(world)) == sorted(runs)
    assert get_age() == begun


def test_a_run_that_starts_is_asked_about_in_the_same_poll(
    world: Simulator, runs: list[str], poll: Poll
) -> None:
    poll()
    list_asked(world)
    another = world.world.add_run(owner=world.world.users[1])
    world.world.add_deployment(run=another)
    poll(after=80)
    assert sorted(list_asked(world)) == sorted([runs[0], another.id])


def test_after_the_removal_of_a_key_every_list_is_read_anew(
    world: Simulator, runs: list[str], poll: Poll, add_key: AddKey, otto: User, clock: Timeline
) -> None:
    poll()
    poll(after=80)
    other = add_key("demo-own-key", owner=otto)
    removed_keys.mark_rows_missing(other, clock())
    assert PollState.objects.exclude(key=other).get().checkpoint_plan == {}
