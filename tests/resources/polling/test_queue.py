"""What is due is found by an index, watched things first, and as a plain look at all would find."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache.backends import locmem
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from loopsweb.accounts.models import Role, User, Workspace, set_up_team
from loopsweb.keys.models import Key, KeyState
from loopsweb.resources.models import PollState
from loopsweb.resources.polling import leases
from loopsweb.resources.polling.queue import (
    HEAD_START,
    PARKED_FOR,
    find_due_states,
    is_due,
    is_tried_again,
    is_unleased,
)
from loopsweb.resources.snapshot.poll_state import (
    group_by_organisation,
    schedule_polls,
    select_polling,
)
from loopsweb.resources.snapshot.viewers import find_viewed, record_viewer, record_viewer_in_turn
from loopsweb.simulator import Simulator
from tests import personas
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def add_states(workspace: Workspace, number: int, *, now: datetime, **fields: Any) -> None:
    """Of keys that each see an organisation of their own."""
    owner = workspace.team.members.get()
    for place in range(number):
        key = Key(
            workspace=workspace,
            owner=owner,
            name=str(place),
            api_url="https://api.baseten.co",
            api_workspace_name=str(place),
            sees_organisation=True,
            fingerprint=f"{workspace.pk} {place}",
        )
        key.save()
        PollState.objects.create(key=key, **{"next_poll_at": now} | fields)


def list_due(now: datetime) -> list[int]:
    return [state.pk for state in find_due_states(now=now)]


def count_statements(now: datetime) -> int:
    with CaptureQueriesContext(connection) as queries:
        find_due_states(now=now)
    return len(queries)


def test_a_tick_in_which_nothing_is_due_is_one_statement(acme: Workspace, now: datetime) -> None:
    add_states(acme, 3, now=now + MINUTE)
    assert (list_due(now), count_statements(now)) == ([], 1)


def test_keys_that_do_not_poll_are_looked_at_once(
    otto: User, world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    first = add_key("demo-org-key")
    add_key("demo-other-key", otto)
    assert [state.key for state in find_due_states(now=clock())] == [first]
    assert poll() == 1
    assert count_statements(clock()) == 1
    assert poll(after=PARKED_FOR.total_seconds()) == 1


def test_another_key_takes_over_at_once_from_one_that_fails(
    otto: User, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    add_key("demo-org-key")
    second = add_key("demo-other-key", otto)
    poll()
    world.add_fault("*", "status", count=None, status=503)
    while PollState.objects.filter(failures__gte=3).count() == 0:
        poll(after=1)
    world.clear_faults()
    assert poll(after=1) == 1
    assert PollState.objects.get(key=second).last_success_at is not None


def test_a_lease_that_ends_just_now_is_looked_at_in_the_next_tick(
    acme: Workspace, now: datetime
) -> None:
    """Also that of a key that another one polls for."""
    add_states(acme, 2, now=now, leased_until=now)
    Key.objects.update(api_workspace_name="")
    first = PollState.objects.earliest("key_id")
    assert (list_due(now), list_due(now + SECOND)) == ([], [first.pk])


def test_a_key_polls_again_when_its_owner_is_back(
    acme: Workspace, otto: User, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    add_key("demo-org-key", otto)
    poll()
    acme.team.memberships.get(user=otto).delete()
    assert poll(after=120) == 0
    acme.team.memberships.create(user=otto, role=Role.OPERATOR)
    assert poll(after=1) == 1


def test_what_somebody_looks_at_comes_first_unless_others_wait_for_long(
    acme: Workspace, mallory: User, now: datetime
) -> None:
    quiet = set_up_team(name="Quiet", founder=mallory).workspaces.get()
    started = {"last_started_at": now - MINUTE}
    add_states(quiet, 2, now=now - 10 * SECOND, **started)
    add_states(acme, 2, now=now + MINUTE, **started)
    watched = PollState.objects.filter(key__workspace=acme)
    unwatched = PollState.objects.filter(key__workspace=quiet)
    first, second = watched.order_by("pk")
    assert list_due(now) == [state.pk for state in unwatched.order_by("pk")]

    record_viewer(acme)

    assert list_due(now)[:2] == [first.pk, second.pk]
    unwatched.update(next_poll_at=now - 2 * HEAD_START)
    assert list_due(now)[2:] == [first.pk, second.pk]
    watched.filter(pk=second.pk).update(failures=1)
    watched.filter(pk=first.pk).update(last_started_at=now)
    assert list_due(now) == [state.pk for state in unwatched.order_by("pk")]


def test_an_act_makes_keys_due_that_wait_for_no_failure(acme: Workspace, now: datetime) -> None:
    add_states(acme, 1, now=now + MINUTE)
    schedule_polls(acme, now=now)
    assert len(list_due(now)) == 1
    PollState.objects.update(next_poll_at=now + MINUTE, failures=1)
    schedule_polls(acme, now=now)
    assert (list_due(now), len(list_due(now + MINUTE))) == ([], 1)


def test_every_workspace_that_is_looked_at_is_known(acme: Workspace, mallory: User) -> None:
    other = mallory.teams.get().workspaces.get()
    for workspace in (acme, other, acme):
        record_viewer(workspace)
    assert find_viewed() == {acme.pk, other.pk}
    record_viewer_in_turn.cache_clear()
    record_viewer(acme)
    assert find_viewed() == {acme.pk, other.pk}


def test_workers_know_who_looks_at_the_pages_of_another_process(acme: Workspace) -> None:
    record_viewer(acme)
    for kept in vars(locmem)["_caches"].values():  # of this process
        kept.clear()
    assert find_viewed() == {acme.pk}


def test_keys_of_a_host_that_has_its_share_wait(acme: Workspace, now: datetime) -> None:
    add_states(acme, 2, now=now)
    [slow, quick] = PollState.objects.order_by("pk")
    Key.objects.filter(pk=slow.key_id).update(api_url="https://slow.example.com")
    found = find_due_states(now=now, full_hosts={"https://slow.example.com"})
    assert found == [quick]


def test_a_claim_takes_what_nobody_else_has(acme: Workspace, now: datetime) -> None:
    add_states(acme, 3, now=now)
    mine, theirs = find_due_states(now=now), find_due_states(now=now)
    with CaptureQueriesContext(connection) as queries:
        assert leases.claim(mine[:2], now=now) == mine[:2]
    assert len(queries) == 1
    assert leases.claim(theirs, now=now) == [mine[2]]
    assert {state.leased_until for state in PollState.objects.all()} == {now + leases.LEASE}
    assert leases.claim([], now=now) == []


def find_due_plainly(now: datetime) -> set[int]:
    """Look at every state."""
    states = PollState.objects.filter(key__in=Key.objects.of_members()).select_related("key")
    viewed = find_viewed()
    return {
        state.pk
        for group in group_by_organisation(states)
        for state in {*select_polling(group), *filter(is_tried_again, group)}
        if is_unleased(state, now=now)
        and is_due(state, now=now, is_viewed=state.key.workspace_id in viewed)
    }


NOW = datetime(2026, 11, 23, 21, 17, tzinfo=UTC)
moments = st.integers(-90, 90).map(lambda seconds: NOW + timedelta(seconds=seconds))
some_states = st.lists(
    st.fixed_dictionaries(
        {
            "organisation": st.sampled_from(["", "A"]),
            "state": st.sampled_from(KeyState.values[:2]),
            "sees_organisation": st.booleans(),
            "is_member": st.booleans(),
            "next_poll_at": moments,
            "leased_until": st.none() | moments,
            "last_started_at": st.none() | moments,
            "refused_since": st.none() | moments,
            "failures": st.sampled_from([0, 1, 3]),
        }
    ),
    max_size=6,
)


class DueStates(TestCase):
    @settings(max_examples=40)
    @given(
        rows=some_states, is_viewed=st.booleans(), passed=st.lists(st.integers(0, 50), max_size=3)
    )
    def test_a_tick_finds_what_a_look_at_all_keys_finds(
        self, rows: list[dict[str, Any]], is_viewed: bool, passed: list[int]
    ) -> None:
        founder, other = (personas.create_founder(name) for name in ("ada", "bob"))
        workspace = set_up_team(name="Team", founder=founder).workspaces.get()
        for place, row in enumerate(rows):
            owner = founder if row.pop("is_member") else other
            key = Key.objects.create(
                workspace=workspace,
                owner=owner,
                name=str(place),
                api_url="https://api.baseten.co",
                api_workspace_name=row.pop("organisation"),
                state=row.pop("state"),
                sees_organisation=row.pop("sees_organisation"),
                fingerprint=str(place),
            )
            PollState.objects.create(key=key, **row)
        if is_viewed:
            record_viewer_in_turn.cache_clear()
            record_viewer(workspace)
        at = NOW
        for seconds in (0, *passed):
            at += timedelta(seconds=seconds)
            assert {state.pk for state in find_due_states(now=at)} == find_due_plainly(at)
