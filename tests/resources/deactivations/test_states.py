"""The table of states, and the only method that writes them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event, Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import STATES, State
from loopsweb.resources.deactivations.transitions import IllegalTransition

PAIRS = [(before, after) for before in State for after in State]


@pytest.fixture
def waiting_request(acme: Workspace, alice: User, now: datetime) -> Deactivation:
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


def test_every_state_has_a_rule_and_leads_to_a_closed_one() -> None:
    assert set(STATES) == set(State)
    for state in State:
        last = state
        for _ in STATES:
            last = STATES[last].next_state or last
        assert not STATES[last].open, state


def test_an_unknown_outcome_outlasts_the_wait_for_an_answer() -> None:
    """Both count from the sending: an unknown request is not refused at once."""
    waiting, unknown = STATES[State.REQUESTED].max_duration, STATES[State.UNKNOWN].max_duration
    assert waiting is not None
    assert unknown is not None
    assert waiting < unknown


@pytest.mark.parametrize(("before", "after"), PAIRS, ids=str)
def test_only_the_transitions_of_the_table_are_written(
    waiting_request: Deactivation, now: datetime, before: State, after: State
) -> None:
    Deactivation.objects.update(state=before)
    waiting_request.refresh_from_db()
    later = now + timedelta(seconds=5)

    if before in STATES[after].follows:
        assert waiting_request.move_to(after, now=later)
        written = [STATES[after].outcome] if STATES[after].outcome else []
        expected, since = after, later
    else:
        with pytest.raises(IllegalTransition):
            waiting_request.move_to(after, now=later)
        written, expected, since = [], before, now

    stored = Deactivation.objects.get()
    assert (stored.state, stored.state_since) == (expected, since)
    outcomes = Event.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == [Outcome.REQUESTED, *written]


def test_the_second_of_two_processes_changes_nothing(
    waiting_request: Deactivation, now: datetime
) -> None:
    other_process = Deactivation.objects.get()
    assert waiting_request.move_to(State.WITHDRAWN, now=now)

    assert not other_process.move_to(State.DUE, now=now)

    assert Deactivation.objects.get().state == State.WITHDRAWN
