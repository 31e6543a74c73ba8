"""The table of states, and the one method that writes them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event, Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import RULES, IllegalTransition, State

PAIRS = [(before, after) for before in State for after in State]


@pytest.fixture
def request_in(acme: Workspace, alice: User, now: datetime) -> Deactivation:
    deactivation = Deactivation.objects.create(
        workspace=acme, noun="run", target_remote_id="run_1", state=State.WAITING,
        person=alice.email, role="admin", requested_at=now, state_since=now, ask_at=now,
    )  # fmt: skip
    record_event(
        **Actor(workspace=acme.slug, person=alice.email, role="admin", address="", request_id=""),
        **deactivation.audit_target,
        action="run.deactivate",
        outcome=Outcome.REQUESTED,
        incident=deactivation.incident,
        now=now,
    )
    return deactivation


def test_every_state_has_a_rule_and_ends() -> None:
    assert set(RULES) == set(State)
    for state in State:
        last = state
        for _ in RULES:
            last = RULES[last].then or last
        assert not RULES[last].open, state


@pytest.mark.parametrize(("before", "after"), PAIRS, ids=str)
def test_only_the_transitions_of_the_table_are_written(
    request_in: Deactivation, now: datetime, before: State, after: State
) -> None:
    Deactivation.objects.update(state=before)
    request_in.refresh_from_db()
    later = now + timedelta(seconds=5)

    if before in RULES[after].follows:
        assert request_in.move_to(after, now=later)
        written = [RULES[after].outcome] if RULES[after].outcome else []
        expected, since = after, later
    else:
        with pytest.raises(IllegalTransition):
            request_in.move_to(after, now=later)
        written, expected, since = [], before, now

    stored = Deactivation.objects.get()
    assert (stored.state, stored.state_since) == (expected, since)
    outcomes = Event.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == [Outcome.REQUESTED, *written]


def test_of_two_processes_the_second_moves_nothing(request_in: Deactivation, now: datetime) -> None:
    late = Deactivation.objects.get()
    assert request_in.move_to(State.WITHDRAWN, now=now)

    assert not late.move_to(State.DUE, now=now)

    assert Deactivation.objects.get().state == State.WITHDRAWN
