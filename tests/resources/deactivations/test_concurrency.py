"""Writers that meet: whatever they hold, none waits for one that waits for it."""

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
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.snapshot.status_changes import statuses_changed
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import MadeDeployments, Poll
from tests.resources.deactivations.test_actions import settle
from tests.resources.deactivations.test_approvals import press

pytestmark = pytest.mark.django_db(transaction=True)


def together(*works: Callable[[], Any]) -> list[Any]:
    """What each answered, or raised."""
    answers: list[Any] = [None] * len(works)

    def run(number: int) -> None:
        try:
            answers[number] = works[number]()
        except Exception as error:  # noqa: BLE001  (what the test is about)
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_press_beside_a_poll_that_notes_an_end(
    acme: Workspace,
    alice: User,
    made: MadeDeployments,
    world: Simulator,
    real_time: Timeline,
    poll: Poll,
) -> None:
    stopped, pressed = made(2)
    world.world.deployments[stopped.remote_id].status = "STOPPED"
    browser = login_as(alice)
    url = reverse("deactivations:new", args=[acme.slug, "deployments", pressed.remote_id])
    noted = threading.Event()

    def wait_inside_the_transaction(**_: Any) -> None:
        noted.set()
        threading.Event().wait(0.3)  # so that the other has time to come to what this one holds

    statuses_changed.connect(wait_inside_the_transaction)

    def pressing() -> int:
        noted.wait(10)
        filled = {"reason": "idle", "typed": pressed.remote_id}
        return int(browser.post(url, filled).status_code)

    try:
        assert together(lambda: poll(after=130), pressing) == [1, 302]
    finally:
        statuses_changed.disconnect(wait_inside_the_transaction)
    told = Event.objects.filter(action="deployment.stop")
    assert list(told.values_list("target_id", "outcome")) == [(stopped.remote_id, "observed")]
    assert (
        stored.verify_stored_chain(acme.slug).sequence
        == Event.objects.filter(workspace=acme.slug).count()
    )


def test_a_stop_that_is_asked_about_and_polled_at_once_is_told_once(
    acme: Workspace,
    alice: User,
    made: MadeDeployments,
    real_time: Timeline,
    poll: Poll,
) -> None:
    rows = made(3)
    for row in rows:
        press(alice, row)
    real_time.pass_(30)
    answers = together(lambda: poll(after=0), lambda: settle(real_time), lambda: settle(real_time))
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    poll(after=30)
    settle(real_time)
    assert set(Deactivation.objects.values_list("state", flat=True)) == {"confirmed"}
    for row in rows:
        told = Event.objects.filter(target_id=row.remote_id).order_by("pk")
        outcomes = list(told.values_list("outcome", flat=True))
        assert outcomes == ["requested", "succeeded", "confirmed"]
