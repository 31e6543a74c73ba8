from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.durable import NotRecorded
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations import actions, dispatch
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.deployments.models import Deployment
from loopsweb.simulator import Simulator
from tests.resources.claims import claim_sent
from tests.resources.conftest import AddKey, Timeline
from tests.resources.deactivations.conftest import reconcile_sent
from tests.resources.deactivations.requests import request_due

Poll = Callable[..., int]
DEACTIVATE = "POST /v1/loops/deployments/{deployment_id}/deactivate"


@pytest.fixture
def deployment(world: Simulator, add_key: AddKey, poll: Poll) -> Deployment:
    add_key()
    remote = world.world.add_deployment(run=world.world.add_run())
    poll()
    world.requests.clear()
    return Deployment.objects.get(remote_id=remote.id)


@pytest.fixture
def deactivate(deployment: Deployment, alice: User, clock: Timeline) -> Callable[[], Deactivation]:
    def run() -> Deactivation:
        deactivation = request_due(deployment, person=alice, role="admin", now=clock())
        dispatch.dispatch(deactivation.pk, clock=clock)
        deactivation.refresh_from_db()
        return deactivation

    return run


def list_outcomes() -> list[str]:
    events = Event.objects.filter(action__startswith="deployment.").order_by("pk")
    return list(events.values_list("outcome", flat=True))


def count_calls(world: Simulator) -> int:
    return sum(request.path.endswith("/deactivate") for request in world.requests)


def test_a_deactivation_is_requested_sent_and_confirmed(
    world: Simulator,
    deployment: Deployment,
    deactivate: Callable[[], Deactivation],
    poll: Poll,
) -> None:
    deactivation = deactivate()

    assert (deactivation.state, list_outcomes()) == (State.SUCCEEDED, ["requested", "succeeded"])
    requested, succeeded = Event.objects.filter(incident=deactivation.incident).order_by("pk")
    assert requested.reason == "done"
    assert succeeded.answer == {"id": deployment.remote_id, "base_model": deployment.base_model}

    poll(after=30)

    deployment.refresh_from_db()
    deactivation.refresh_from_db()
    assert (deployment.status, deactivation.state) == ("STOPPED", State.CONFIRMED)
    assert list_outcomes() == ["requested", "succeeded", "confirmed"]
    assert count_calls(world) == 1


def test_a_second_request_calls_nothing(
    world: Simulator, deactivate: Callable[[], Deactivation]
) -> None:
    first = deactivate()
    with pytest.raises(actions.AlreadyRequested) as already:
        deactivate()
    assert already.value.deactivation == first
    assert count_calls(world) == 1
    assert list_outcomes() == ["requested", "succeeded", "refused"]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 429])
def test_a_refusal_is_recorded_and_can_be_retried(
    world: Simulator, deactivate: Callable[[], Deactivation], status: int
) -> None:
    world.add_fault(DEACTIVATE, "status", status=status, body={"message": "Not now."})

    refused = deactivate()

    assert refused.state == State.REFUSED
    assert refused.answer is not None
    assert refused.answer["error"] == "Not now."
    assert deactivate().state == State.SUCCEEDED
    assert list_outcomes() == ["requested", "refused", "requested", "succeeded"]


@pytest.mark.parametrize(
    "fault", [{"mode": "status", "status": 502}, {"mode": "truncated"}, {"mode": "html"}]
)
def test_an_unclear_answer_is_unknown_until_the_api_shows_the_outcome(
    world: Simulator,
    deactivate: Callable[[], Deactivation],
    clock: Timeline,
    fault: dict[str, Any],
) -> None:
    world.add_fault(DEACTIVATE, **fault)
    deactivation = deactivate()
    assert deactivation.state == State.UNKNOWN

    if fault["mode"] != "truncated":  # the request never reached the API
        reconcile_sent(clock)
        deactivation.refresh_from_db()
        assert deactivation.state == State.UNKNOWN
        clock.pass_(130)
        reconcile_sent(clock)
        assert list_outcomes() == ["requested", "unknown", "refused"]
    else:  # it took effect; only the answer was lost
        clock.pass_(5)
        reconcile_sent(clock)
        assert list_outcomes() == ["requested", "unknown", "confirmed"]
    assert count_calls(world) == 1


@pytest.mark.parametrize("body", [{}, {"id": "dep_other", "base_model": "x"}])
def test_an_answer_about_another_deployment_is_unknown(
    world: Simulator, deactivate: Callable[[], Deactivation], body: dict[str, str]
) -> None:
    world.add_fault(DEACTIVATE, "status", status=200, body=body)
    assert deactivate().state == State.UNKNOWN


def test_a_request_of_a_dead_process_is_resolved(
    world: Simulator, deployment: Deployment, alice: User, clock: Timeline
) -> None:
    request = request_due(deployment, person=alice, role="admin", now=clock())
    acting = dispatch.mark_as_sent(request, now=clock())
    assert acting is not None
    acting.client.deactivate_deployment(deployment.remote_id)

    reconcile_sent(clock)
    assert list_outcomes() == ["requested"]
    clock.pass_(61)
    reconcile_sent(clock)

    assert list_outcomes() == ["requested", "unknown", "confirmed"]


def test_an_unavailable_api_is_asked_again(
    world: Simulator, deactivate: Callable[[], Deactivation], clock: Timeline
) -> None:
    world.add_fault("*", "status", count=None, status=503)
    deactivate()
    for _ in range(3):
        clock.pass_(30)
        reconcile_sent(clock)
    assert list_outcomes() == ["requested", "unknown"]
    world.clear_faults()
    clock.pass_(60)
    reconcile_sent(clock)
    assert list_outcomes() == ["requested", "unknown", "refused"]


def test_a_late_effect_is_confirmed(
    world: Simulator,
    deployment: Deployment,
    deactivate: Callable[[], Deactivation],
    poll: Poll,
    clock: Timeline,
) -> None:
    world.add_fault(DEACTIVATE, "status", status=502)
    deactivate()
    clock.pass_(130)
    reconcile_sent(clock)
    assert list_outcomes() == ["requested", "unknown", "refused"]
    world.world.deployments[deployment.remote_id].status = "STOPPED"

    poll(after=120)

    assert list_outcomes() == ["requested", "unknown", "refused", "confirmed"]


def test_nothing_is_called_when_the_audit_trail_cannot_be_written(
    world: Simulator, deactivate: Callable[[], Deactivation]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event RENAME TO audit_event_away")
    with pytest.raises((NotRecorded, DatabaseError)):  # SQLite, PostgreSQL
        deactivate()
    assert count_calls(world) == 0


def test_a_stop_by_somebody_else_is_observed(
    world: Simulator, deployment: Deployment, poll: Poll
) -> None:
    remote = world.world.deployments[deployment.remote_id]
    remote.status = "STOPPED"

    poll(after=120)

    event = Event.objects.get(action="deployment.stop")
    assert (event.outcome, event.person, event.target_id) == ("observed", "", remote.id)
    assert event.target_owner == deployment.owner_email


def test_a_deployment_that_returns_as_stopped_is_no_longer_gone(
    acme: Workspace, alice: User, deployment: Deployment, poll: Poll, world: Simulator
) -> None:
    remote = world.world.deployments.pop(deployment.remote_id)
    poll(after=120)
    deployment.refresh_from_db()
    assert (deployment.status, deployment.gone_at is None) == ("RUNNING", False)
    assert list_outcomes() == []

    remote.status = "STOPPED"
    world.world.deployments[remote.id] = remote
    poll(after=120)
    deployment.refresh_from_db()
    assert (deployment.status, deployment.gone_at) == ("STOPPED", None)


def test_the_api_is_asked_less_often_over_time(
    world: Simulator, deactivate: Callable[[], Deactivation], clock: Timeline
) -> None:
    deactivation = deactivate()
    clock.pass_(1200)
    assert claim_sent(now=clock()) == [deactivation.pk]
    assert claim_sent(now=clock() + timedelta(seconds=119)) == []
    assert claim_sent(now=clock() + timedelta(seconds=121)) == [deactivation.pk]
