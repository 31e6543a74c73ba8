"""What a removed key alone listed does not count as running any more."""

from __future__ import annotations

from collections.abc import Callable

from loopsweb.accounts.models import User
from loopsweb.audit.record import Actor
from loopsweb.keys import actions as keys
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint, Deployment, Run
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.simulator import Simulator
from tests.resources.claims import claim_polls
from tests.resources.conftest import AddKey, Timeline


def remove(key: Key, clock: Timeline) -> None:
    by = Actor(workspace="acme", person="a@example.com", role="admin", address="", request_id="")
    keys.remove(key=key, by=by, now=clock())


def add_second_key(world: Simulator, add_key: AddKey, owner: User) -> Key:
    """It sees the organisation too."""
    lin = world.world.add_user("lin@example.com", "Lin")
    world.world.add_key("second-org-key", lin, type="WORKSPACE_MANAGE_ALL", name="Second")
    return add_key("second-org-key", owner)


def test_rows_of_the_only_key_are_no_longer_listed(
    world: Simulator, add_key: AddKey, poll: Callable[..., int], clock: Timeline
) -> None:
    run = world.world.add_run()
    world.world.add_deployment(run=run)
    world.world.add_checkpoint(run=run)
    key = add_key()
    poll()
    listed_at = clock()
    clock.pass_(5)

    remove(key, clock)

    for model in (Run, Deployment, Checkpoint):
        assert [row.missing_since for row in model.objects.all()] == [listed_at]
    assert {run.status for run in Run.objects.all()} == {"ACTIVE"}


def test_what_changed_meanwhile_was_last_seen_by_the_removed_key(
    world: Simulator, add_key: AddKey, poll: Callable[..., int], clock: Timeline, otto: User
) -> None:
    deployment = world.world.add_deployment(run=world.world.add_run())
    removed = add_key()
    poll()
    listed_at = clock()
    clock.pass_(600)
    remove(removed, clock)
    deployment.status = "STOPPED"
    add_second_key(world, add_key, otto)
    poll(after=60)

    [change] = StatusChange.objects.filter(noun="deployment")
    assert (change.last_seen_old_at, change.first_seen_new_at) == (listed_at, clock())


def test_what_another_key_lists_too_is_back_after_its_next_poll(
    world: Simulator, add_key: AddKey, poll: Callable[..., int], clock: Timeline, otto: User
) -> None:
    world.world.add_checkpoint(run=world.world.add_run())
    removed = add_key()
    poll()
    other = add_second_key(world, add_key, otto)
    remove(removed, clock)
    poll(after=1)
    poll(after=60)

    assert [(row.missing_since, row.source_key) for row in Run.objects.all()] == [(None, other)]
    assert [row.missing_since for row in Checkpoint.objects.all()] == [None]


def test_a_poll_that_goes_on_meanwhile_is_asked_again(
    world: Simulator, add_key: AddKey, poll: Callable[..., int], clock: Timeline, otto: User
) -> None:
    world.world.add_run()
    removed = add_key()
    poll()
    add_second_key(world, add_key, otto)
    clock.pass_(120)  # the longest pause between polls is over
    assert claim_polls(now=clock()) != []

    remove(removed, clock)

    assert len(claim_polls(now=clock())) == 1
