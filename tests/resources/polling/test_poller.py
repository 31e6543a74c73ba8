from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import (
    Checkpoint,
    CheckpointFeed,
    Deployment,
    PollState,
    Run,
    Sampler,
    Session,
)
from loopsweb.resources.nouns import FEEDS
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.polling import poller
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.simulator import Simulator
from tests.resources.claims import claim_polls
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]


def asked(loops: Simulator) -> list[str]:
    return [f"{request.method} {request.path}" for request in loops.requests]


def test_a_poll_stores_every_noun(
    acme: Workspace, loops: Simulator, add_key: AddKey, poll: Poll
) -> None:
    add_key()

    assert poll() == 1

    world = loops.world
    for model, there in (
        (Run, world.runs),
        (Sampler, world.samplers),
        (Deployment, world.deployments),
        (Checkpoint, world.checkpoints),
    ):
        ids = model.objects.in_workspace(acme).values_list("remote_id", flat=True)
        assert sorted(ids) == sorted(there), model
    named = {run.session_id for run in world.runs.values()}
    assert set(Session.objects.values_list("remote_id", flat=True)) == named


def test_the_answers_about_checkpoints_are_noted_in_one_statement(
    world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    table = CheckpointFeed._meta.db_table
    for n in range(9):
        world.world.add_run(base_model=f"model-{n}")
    add_key()
    poll()
    with CaptureQueriesContext(connection) as queries:
        poll(after=120)
    written = [each for each in queries.captured_queries if f'INTO "{table}"' in each["sql"]]
    assert (CheckpointFeed.objects.count(), len(written)) == (9, 1)


def test_an_unchanged_poll_writes_its_state_when_it_begins_and_when_it_ends(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    world.world.add_deployment(run=world.world.add_run())
    add_key()
    poll()
    with CaptureQueriesContext(connection) as queries:
        poll(after=80)
    start = f'UPDATE "{PollState._meta.db_table}"'
    assert sum(each["sql"].startswith(start) for each in queries.captured_queries) == 2
    ages = {Feed.load(PollState.objects.get(), name).as_of for name in FEEDS}
    assert ages == {clock()}


def test_a_slow_poll_shows_ages_before_it_ends(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    world.world.add_deployment(run=world.world.add_run())
    add_key()
    poll()
    clock.pass_(80)
    [state_id] = claim_polls(now=clock())
    shown: list[list[datetime | None]] = []

    def watch() -> datetime:
        state = PollState.objects.get()
        shown.append([Feed.load(state, name).as_of for name in FEEDS])
        clock.pass_(4)
        return clock()

    poller.run_poll(state_id, clock=watch)

    assert len({tuple(map(str, ages)) for ages in shown}) > 2


def test_an_unchanged_poll_neither_parses_nor_writes_rows(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    run = world.world.add_run()
    world.world.add_deployment(run=run)
    world.world.add_checkpoint(run=run)
    add_key()
    poll()
    acme.refresh_from_db()
    version = acme.version
    world.requests.clear()

    assert poll(after=120) == 1

    acme.refresh_from_db()
    assert acme.version == version
    assert asked(world) == [
        "GET /v1/loops/runs",
        "GET /v1/loops/samplers",
        "GET /v1/loops/deployments",
        "GET /v1/loops/checkpoints",
    ]


def test_a_status_change_is_stored_with_its_interval(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    deployment = world.world.add_deployment(run=world.world.add_run(), status="DEPLOYING")
    add_key()
    poll()
    first_read_at = clock()
    deployment.status = "RUNNING"

    poll(after=60)

    change = StatusChange.objects.get()
    assert (change.noun, change.remote_id, change.field) == ("deployment", deployment.id, "status")
    assert (change.old, change.new) == ("DEPLOYING", "RUNNING")
    assert (change.last_seen_old_at, change.first_seen_new_at) == (first_read_at, clock())


def test_a_run_that_left_the_list_is_missing_and_keeps_its_status(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    run = world.world.add_run(status="ACTIVE")
    add_key()
    poll()
    last_seen_at = clock()
    world.world.clear()

    poll(after=120)

    row = Run.objects.get(remote_id=run.id)
    assert (row.missing_since, row.status) == (last_seen_at, "ACTIVE")

    world.world.add_run(id=run.id, status="ACTIVE")
    poll(after=120)
    row.refresh_from_db()
    assert row.missing_since is None


def test_the_next_healthy_key_takes_over(
    acme: Workspace, otto: User, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    first = add_key("demo-org-key")
    second = add_key("demo-other-key", otto)
    assert poll() == 1
    assert PollState.objects.exclude(last_started_at=None).get().key == first
    world.world.revoke_key("demo-org-key")
    poll(after=120)

    assert poll(after=1) == 1

    assert PollState.objects.get(key=second).last_success_at is not None


def test_two_workers_do_not_poll_with_one_key_at_once(
    world: Simulator, add_key: AddKey, clock: Timeline
) -> None:
    from loopsweb.resources.polling import leases

    add_key()
    state = PollState.objects.get()

    assert claim_polls(now=clock()) == [state.pk]
    assert claim_polls(now=clock()) == []
    assert claim_polls(now=clock() + leases.LEASE + timedelta(seconds=1)) == [state.pk]


def test_a_key_without_the_scope_does_not_poll_deployments_and_the_page_says_so(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    add_key("demo-own-key")

    poll()

    assert "GET /v1/loops/deployments" not in asked(world)
    assert "manage_org_training_projects" in load_freshness(acme).of("deployments").error
    assert load_freshness(acme).of("runs").error == ""


def test_freshness_is_unknown_before_the_first_poll(acme: Workspace, add_key: AddKey) -> None:
    add_key()
    assert load_freshness(acme).of("runs").as_of is None
    assert load_freshness(acme).overall.failing_since is None


def test_checkpoints_of_others_are_not_missing_when_the_api_lists_only_own_ones(
    loops: Simulator, add_key: AddKey, poll: Poll
) -> None:
    """By base model it lists the key owner's own; everybody's stay present, poll after poll."""
    add_key()
    for _ in range(3):
        poll(after=120)
    there = set(loops.world.checkpoints)
    missing = Checkpoint.objects.filter(missing_since__isnull=False)
    assert {row.remote_id for row in missing} & there == set()


def test_an_answer_with_an_unreadable_row_marks_nothing_missing(
    world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    run = world.world.add_run()
    add_key()
    poll()
    run.extra["id"] = {"not": "an id"}
    poll(after=120)
    assert Run.objects.get(remote_id=run.id).missing_since is None


def test_the_checkpoints_of_a_run_that_vanished_are_asked_for_until_they_are_gone_too(
    world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    run = world.world.add_run()
    world.world.add_checkpoint(run=run, sync_status="SYNCING")
    add_key()
    poll()
    world.world.clear()

    poll(after=120)

    assert Checkpoint.objects.get().missing_since is not None
    world.requests.clear()
    poll(after=120)
    assert "GET /v1/loops/checkpoints" not in asked(world)
