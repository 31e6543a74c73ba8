"""Concurrent writers neither deadlock nor act twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.chain import stored
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations import actions, dispatch
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.snapshot.status_changes import statuses_changed
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import (
    CreateDeployments,
    Poll,
    list_calls,
    reconcile_sent,
)
from tests.resources.deactivations.requests import request_due, submit_form

pytestmark = pytest.mark.django_db(transaction=True)


def run_together(*functions: Callable[[], Any]) -> list[Any]:
    """Run all at once. Return what each returned or raised."""
    results: list[Any] = [None] * len(functions)

    def run(number: int) -> None:
        try:
            results[number] = functions[number]()
        except Exception as error:  # noqa: BLE001  (the tests compare it)
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_request_during_a_poll_that_records_a_stop(
    acme: Workspace,
    alice: User,
    create_deployments: CreateDeployments,
    world: Simulator,
    real_time: Timeline,
    poll: Poll,
) -> None:
    stopped, requested = create_deployments(2)
    world.world.deployments[stopped.remote_id].status = "STOPPED"
    browser = login_as(alice)
    url = reverse("deactivations:new", args=[acme.slug, "deployments", requested.remote_id])
    is_recording = threading.Event()

    def wait_inside_the_transaction(**_: Any) -> None:
        is_recording.set()
        threading.Event().wait(0.3)  # lets the other thread reach the locks that this one holds

    statuses_changed.connect(wait_inside_the_transaction)

    def request_other() -> int:
        is_recording.wait(10)
        data = {"reason": "idle", "typed": requested.remote_id}
        return int(browser.post(url, data).status_code)

    try:
        assert run_together(lambda: poll(after=130), request_other) == [1, 302]
    finally:
        statuses_changed.disconnect(wait_inside_the_transaction)
    stops = Event.objects.filter(action="deployment.stop")
    assert list(stops.values_list("target_id", "outcome")) == [(stopped.remote_id, "observed")]
    assert (
        stored.verify_stored_chain(acme.slug).sequence
        == Event.objects.filter(workspace=acme.slug).count()
    )


def test_simultaneous_polls_and_reconciliations_record_a_stop_once(
    acme: Workspace,
    alice: User,
    create_deployments: CreateDeployments,
    real_time: Timeline,
    poll: Poll,
) -> None:
    rows = create_deployments(3)
    for row in rows:
        submit_form(alice, row)
    real_time.pass_(30)
    results = run_together(
        lambda: poll(after=0), lambda: reconcile_sent(real_time), lambda: reconcile_sent(real_time)
    )
    assert [result for result in results if isinstance(result, Exception)] == []
    poll(after=30)
    reconcile_sent(real_time)
    assert set(Deactivation.objects.values_list("state", flat=True)) == {"confirmed"}
    for row in rows:
        events = Event.objects.filter(target_id=row.remote_id).order_by("pk")
        outcomes = list(events.values_list("outcome", flat=True))
        assert outcomes == ["requested", "succeeded", "confirmed"]


def test_simultaneous_requests_make_one_call(
    alice: User, deployment: Deployment, clock: Timeline, world: Simulator
) -> None:
    barrier = threading.Barrier(4)

    def deactivate() -> str:
        barrier.wait()
        try:
            deactivation = request_due(deployment, person=alice, role="admin", now=clock())
        except actions.AlreadyRequested:
            return "already"
        dispatch.dispatch(deactivation.pk, clock=clock)
        deactivation.refresh_from_db()
        return deactivation.state

    states = run_together(*[deactivate] * 4)

    assert sorted(states) == ["already", "already", "already", "succeeded"]
    assert len(list_calls(world)) == 1
