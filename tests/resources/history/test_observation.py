from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.history.observation import Interval, load_observation
from loopsweb.resources.models import ObservedPeriod, Run, UnknownPeriod
from loopsweb.resources.retention import delete_old_rows
from loopsweb.simulator import Simulator
from tests.resources.conftest import AddKey, Timeline
from tests.resources.test_removed_keys import add_second_key, remove

Poll = Callable[..., int]
DAYS = timedelta(days=1)


def observed(workspace: Workspace, now: datetime, key: int | None = None) -> list[Interval]:
    found = load_observation(workspace, "runs", since=now - DAYS, now=now)
    return found.of_key(key) if key else found.of_any


def test_a_pause_between_answers_is_kept_as_one_row(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_key()
    poll()
    begun = clock()
    poll(after=70)
    poll(after=70)
    last = clock()
    assert observed(acme, clock.now + timedelta(seconds=50)) == [
        (begun, last + timedelta(seconds=50))
    ]
    assert observed(acme, clock.now + timedelta(seconds=500)) == [(begun, last)]
    poll(after=500)
    assert observed(acme, clock()) == [(begun, last), (clock(), clock())]
    assert ObservedPeriod.objects.filter(feed="runs").count() == 1


def test_an_answer_in_time_adds_no_row(world: Simulator, add_key: AddKey, poll: Poll) -> None:
    world.world.add_run()
    add_key()
    for _ in range(3):
        poll(after=70)
    with CaptureQueriesContext(connection) as queries:
        poll(after=70)
    inserts = [each["sql"].split()[2] for each in queries if each["sql"].startswith("INSERT")]
    assert inserts == ['"resources_checkpointfeed"']  # an update of the one that is there


def test_a_key_that_takes_over_in_time_leaves_no_gap(
    acme: Workspace, otto: User, world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    world.world.add_run()
    first = add_key()
    second = add_second_key(world, add_key, otto)
    poll()
    begun = clock()
    clock.pass_(50)
    remove(first, clock)
    poll(after=1)
    assert Run.objects.get().source_key == second
    assert observed(acme, clock(), second.pk) == [(begun, clock())]


def test_what_was_observed_with_a_removed_key_stays_known(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    world.world.add_run()
    key = add_key()
    poll()
    begun = clock()
    poll(after=70)
    until = clock()
    clock.pass_(20)
    remove(key, clock)
    assert observed(acme, clock()) == [(begun, until)]
    assert [row.unknown_since for row in Run.objects.all()] == [clock()]


def test_what_is_older_than_retention_is_deleted(acme: Workspace, now: datetime) -> None:
    old, recent = now - 401 * DAYS, now - 399 * DAYS
    for until in (old, recent):
        ObservedPeriod.objects.create(workspace=acme, feed="runs", since=old - DAYS, until=until)
        UnknownPeriod.objects.create(
            workspace=acme, noun="run", remote_id="r", since=old - DAYS, until=until
        )
    delete_old_rows(now=now)
    assert [one.until for one in ObservedPeriod.objects.all()] == [recent]
    assert [one.until for one in UnknownPeriod.objects.all()] == [recent]
