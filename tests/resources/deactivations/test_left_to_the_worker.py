"""Requests that their page committed and did not send."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations import dispatch
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Deployment
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import list_calls, run_tick
from tests.resources.deactivations.requests import request_due, submit_form


def fail_at_the_dispatch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if sql.startswith("UPDATE") and "resources_deactivation" in sql:
        raise OperationalError("database is locked")
    return execute(sql, params, many, context)


def test_an_outage_before_the_call_leaves_the_request_to_the_worker(
    alice: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    with connection.execute_wrapper(fail_at_the_dispatch):
        response = submit_form(alice, deployment)
    assert response.status_code == 302
    assert (Deactivation.objects.get().state, list_calls(world)) == (State.DUE, [])

    real_time.pass_(31)
    run_tick(real_time)

    assert len(list_calls(world)) == 1


def test_a_page_that_was_suspended_too_long_sends_nothing(
    alice: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    deactivation = request_due(deployment, person=alice, role="admin", now=real_time())
    real_time.now += timedelta(minutes=10)

    dispatch.dispatch(deactivation.pk, clock=real_time)
    run_tick(real_time)

    assert (Deactivation.objects.get().state, list_calls(world)) == (State.EXPIRED, [])


def test_break_glass_needs_an_admin_when_it_is_sent(
    acme: Workspace, alice: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    Protection.objects.create(
        workspace=acme, noun="deployment", remote_id=deployment.remote_id, person="x",
        since=real_time(),
    )  # fmt: skip
    with connection.execute_wrapper(fail_at_the_dispatch):
        submit_form(alice, deployment, break_glass="on")
    Membership.objects.filter(user=alice).update(role=Role.OPERATOR)
    real_time.pass_(31)

    run_tick(real_time)

    deactivation = Deactivation.objects.get()
    assert (deactivation.state, list_calls(world)) == (State.WITHDRAWN, [])
    assert deactivation.answer == {"error": "The requester no longer has permission."}


@pytest.mark.usefixtures("owned_by_bo", "policy")
def test_break_glass_counts_as_the_trail_has_it(
    otto: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    submit_form(otto, deployment)
    now = real_time()
    Deactivation.objects.update(state=State.DUE, due_at=now, ask_at=now, broke_glass=True)
    real_time.pass_(1)

    run_tick(real_time)

    assert (Deactivation.objects.get().state, list_calls(world)) == (State.WITHDRAWN, [])


def test_a_request_without_events_has_a_page(
    acme: Workspace, alice: User, deployment: Deployment, real_time: Timeline
) -> None:
    deactivation = Deactivation.objects.create(
        workspace=acme, noun="deployment", target_remote_id=deployment.remote_id,
        state=State.EXPIRED, person=alice.email, role="admin", requested_at=real_time(),
        state_since=real_time(), ask_at=real_time(),
    )  # fmt: skip
    assert not Event.objects.filter(incident=deactivation.incident).exists()
    assert login_as(alice).get(deactivation.get_absolute_url()).status_code == 200
