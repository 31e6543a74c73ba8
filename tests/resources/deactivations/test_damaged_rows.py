"""Rows that loopsweb did not write, or could not finish, hold up nothing and end some day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key, KeyState
from loopsweb.resources.deactivations import cancellation, dispatch
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Deployment
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.simulator import Simulator
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import (
    CreateDeployments,
    Poll,
    list_outcomes,
    reconcile_sent,
    run_tick,
)
from tests.resources.deactivations.requests import request_due, submit_decision, submit_form


def insert_row(target: Deployment, state: State, clock: Timeline, **fields: Any) -> Deactivation:
    """Write a request into the database without its audit event."""
    now = clock()
    given = {"requested_at": now, "due_at": now, "state_since": now, "ask_at": now, "sent_at": now}
    return Deactivation.objects.create(
        workspace=target.workspace, noun="deployment", target_remote_id=target.remote_id,
        state=state, person="alice@example.com", role="admin", **given | fields,
    )  # fmt: skip


@pytest.mark.parametrize("state", [State.WAITING, State.DUE, State.SUCCEEDED, State.UNKNOWN])
def test_a_row_without_trail_fails_no_poll(
    state: State,
    acme: Workspace,
    create_deployments: CreateDeployments,
    poll: Poll,
    real_time: Timeline,
    world: Simulator,
) -> None:
    damaged, sound = create_deployments(2)
    row = insert_row(damaged, state, real_time)
    request = request_due(sound, person=acme.team.memberships.get().user, role="admin",
                          now=real_time())  # fmt: skip
    for remote in world.world.deployments.values():
        remote.status = "STOPPED"

    real_time.pass_(120)
    poll()

    assert load_freshness(acme).overall.failing_since is None
    assert set(Deployment.objects.values_list("status", flat=True)) == {"STOPPED"}
    request.refresh_from_db()
    row.refresh_from_db()
    assert request.state == State.EXPIRED
    if state in (State.WAITING, State.DUE):
        assert row.state == State.EXPIRED
        event = Event.objects.get(target_id=damaged.remote_id, outcome="refused")
        assert event.answer == {"error": cancellation.NOT_IN_TRAIL}


@pytest.mark.parametrize(
    ("state", "after"),
    [(State.DUE, timedelta(minutes=11)), (State.WAITING, timedelta(days=8))],
)
def test_a_row_without_its_time_expires(
    state: State, after: timedelta, deployment: Deployment, real_time: Timeline
) -> None:
    row = insert_row(deployment, state, real_time, due_at=None)
    run_tick(real_time)
    row.refresh_from_db()
    assert row.state == state
    real_time.now += after
    run_tick(real_time)
    row.refresh_from_db()
    assert row.state == State.EXPIRED


@pytest.mark.parametrize("obstacle", ["no key", "errors"])
def test_what_nobody_can_ask_about_is_closed_after_a_day(
    obstacle: str, otto: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    submit_form(otto, deployment)
    if obstacle == "no key":
        Key.objects.update(state=KeyState.REFUSED)
    else:
        world.add_fault("*", "status", count=None, status=500)
    real_time.now += timedelta(hours=23)
    reconcile_sent(real_time)
    assert Deactivation.objects.get().state == State.SUCCEEDED
    real_time.now += timedelta(hours=2)
    reconcile_sent(real_time)

    closed = Deactivation.objects.get()
    assert closed.state == State.LOST
    assert list_outcomes(closed)[-1][0] == "unknown"


def test_an_approval_that_comes_first_is_not_overwritten(
    deactivation: Deactivation, alice: User, real_time: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It commits after the worker read the row and before it writes."""
    cancel = cancellation.cancel_request

    def approve_first(*args: Any, **kwargs: Any) -> None:
        submit_decision(alice, deactivation, "approval")
        cancel(*args, **kwargs)

    monkeypatch.setattr(dispatch, "cancel_request", approve_first)
    Deactivation.objects.update(expires_at=real_time() + timedelta(minutes=1))
    dispatch.expire_overdue(now=real_time() + timedelta(minutes=2))

    deactivation.refresh_from_db()
    assert deactivation.state == State.DUE


@pytest.mark.django_db(transaction=True)
def test_a_connection_lost_after_the_commit_is_not_called_nothing_sent(
    otto: User, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = connection._commit  # type: ignore[attr-defined]

    def commit_and_lose() -> None:
        commit()
        is_recorded = Deactivation.objects.exists()
        commit()  # PostgreSQL began a transaction to look
        if is_recorded:
            monkeypatch.undo()
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(connection, "_commit", commit_and_lose)
    page = submit_form(otto, deployment).content.decode()

    assert Deactivation.objects.get().state == State.DUE
    assert "Nothing was sent" not in page
    assert "It may have been recorded all the same" in page
