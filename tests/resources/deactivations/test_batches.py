"""Several at once: one preview, one reason, one outcome for each."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations.models import Batch, Deactivation, Policy
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Checkpoint, Deployment, Run
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import MadeDeployments, Poll, calls, tick

DEACTIVATE = "POST /v1/loops/deployments/{deployment_id}/deactivate"


@pytest.fixture
def url(acme: Workspace) -> str:
    return reverse("deactivations:bulk", args=[acme.slug, "deployments"])


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


def filled(browser: Client, url: str, ids: list[str], **more: str) -> dict[str, Any]:
    form = browser.get(url, {"id": ids}).context["form"]
    kept = {name: str(form[name].value()) for name in ("once", "seen")}
    return {"id": ids, "reason": "budget", "typed": str(form.number), **kept, **more}


def states(batch: Batch) -> list[str]:
    return list(batch.rows.order_by("pk").values_list("state", flat=True))


def test_each_is_asked_for_at_once_and_sent_by_the_worker(
    made: MadeDeployments,
    url: str,
    browser: Client,
    world: Simulator,
    real_time: Timeline,
    poll: Poll,
) -> None:
    rows = made(3)
    ids = [row.remote_id for row in rows]
    preview = browser.get(url, {"id": ids}).context["selection"]
    assert preview.gpus == sum(row.gpus_held or 0 for row in rows)
    assert [line.remote_id for line in preview.requested] == ids

    answer = browser.post(url, filled(browser, url, ids))

    batch = Batch.objects.get()
    args = [batch.workspace.slug, batch.uid]
    assert answer.headers["Location"] == reverse("deactivations:batch", args=args)
    assert (states(batch), calls(world)) == (["due"] * 3, [])
    real_time.pass_(5)
    assert tick(real_time) == 3
    poll(after=60)
    assert states(batch) == ["confirmed"] * 3
    assert sorted(calls(world)) == sorted(f"/v1/loops/deployments/{one}/deactivate" for one in ids)
    events = Event.objects.filter(action="deployment.deactivate").order_by("pk")
    for one in ids:
        trail = events.filter(target_id=one).values_list("outcome", "reason")
        assert list(trail) == [
            ("requested", "budget"),
            ("succeeded", "budget"),
            ("confirmed", "budget"),
        ]


def test_one_that_the_api_refuses_stops_no_other(
    made: MadeDeployments, url: str, browser: Client, world: Simulator, real_time: Timeline
) -> None:
    ids = [row.remote_id for row in made(3)]
    browser.post(url, filled(browser, url, ids))
    world.add_fault(DEACTIVATE, "status", status=409, body={"message": "Not now."})
    real_time.pass_(5)
    tick(real_time)
    assert states(Batch.objects.get()) == ["refused", "succeeded", "succeeded"]


def test_the_rest_can_be_stopped_and_what_was_sent_stays_sent(
    made: MadeDeployments,
    url: str,
    browser: Client,
    otto: User,
    world: Simulator,
    real_time: Timeline,
) -> None:
    ids = [row.remote_id for row in made(12)]
    browser.post(url, filled(browser, url, ids))
    batch = Batch.objects.get()
    real_time.pass_(5)
    assert tick(real_time) == 10

    stop = reverse("deactivations:stop", args=[batch.workspace.slug, batch.uid])
    login_as(otto).post(stop)

    assert states(batch) == ["succeeded"] * 10 + ["withdrawn"] * 2
    real_time.pass_(60)
    assert (tick(real_time), len(calls(world))) == (0, 10)
    stopped = Event.objects.filter(outcome="withdrawn").values_list("person", "target_id")
    left = sorted(ids)[10:]
    assert list(stopped.order_by("pk")) == [(otto.email, left[0]), (otto.email, left[1])]


def test_what_cannot_be_ended_is_left_out_and_says_why(
    made: MadeDeployments, url: str, browser: Client, world: Simulator
) -> None:
    first, second, third = made(3)
    Deployment.objects.filter(pk=first.pk).update(status="STOPPED")
    args = [second.workspace.slug, "deployments", second.remote_id]
    browser.post(reverse("deactivations:new", args=args), {"reason": "first"})
    ids = [first.remote_id, second.remote_id, third.remote_id, "dep_unheard", third.remote_id]

    browser.post(url, filled(browser, url, ids))

    batch = Batch.objects.get()
    assert [row.target_remote_id for row in batch.rows.all()] == [third.remote_id]
    assert batch.left_out == [
        {"id": first.remote_id, "why": "It is STOPPED already."},
        {"id": second.remote_id, "why": "Somebody has requested this already."},
        {"id": "dep_unheard", "why": "It is not known here."},
    ]


@pytest.mark.parametrize(
    ("sent", "field"), [({"typed": "2"}, "typed"), ({"reason": " "}, "reason")]
)
def test_without_the_number_or_a_reason_nothing_is_asked_for(
    made: MadeDeployments, url: str, browser: Client, sent: dict[str, str], field: str
) -> None:
    ids = [row.remote_id for row in made(3)]
    answer = browser.post(url, filled(browser, url, ids, **sent))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert (Batch.objects.count(), Deactivation.objects.count()) == (0, 0)


def test_a_form_sent_twice_makes_one_batch(
    made: MadeDeployments, url: str, browser: Client
) -> None:
    form = filled(browser, url, [row.remote_id for row in made(2)])
    for _ in range(2):
        assert browser.post(url, form).status_code == 302
    assert (Batch.objects.count(), Deactivation.objects.count()) == (1, 2)


@pytest.mark.parametrize("seen", [None, "", "x", "[]", json.dumps({})])
def test_more_than_was_shown_takes_a_second_look(
    made: MadeDeployments, url: str, browser: Client, seen: str | None
) -> None:
    form = filled(browser, url, [row.remote_id for row in made(2)])
    if seen is None:
        Checkpoint.objects.update(sync_status="SYNCING")
    else:
        form["seen"] = seen
    answer = browser.post(url, form)
    assert (answer.status_code, Batch.objects.count()) == (409, 0)
    assert answer.context["form"]["reason"].value() == "budget"
    again = {**form, "seen": answer.context["form"]["seen"].value()}
    assert browser.post(url, again).status_code == 302


def test_others_wait_for_a_second_person_and_mine_do_not(
    made: MadeDeployments, url: str, browser: Client, acme: Workspace
) -> None:
    mine, others = made(2)
    Deployment.objects.filter(pk=others.pk).update(owner_email="bo@example.com")
    Policy.objects.create(team=acme.team, approve_others=True)
    browser.post(url, filled(browser, url, [mine.remote_id, others.remote_id]))
    assert states(Batch.objects.get()) == [State.DUE, State.WAITING]


def test_all_are_recorded_or_none_is_asked_for(
    made: MadeDeployments, url: str, browser: Client, world: Simulator
) -> None:
    form = filled(browser, url, [row.remote_id for row in made(2)])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event RENAME TO audit_event_away")
    with contextlib.suppress(DatabaseError):  # on SQLite it is a page that says 503
        assert browser.post(url, form).status_code == 503
    assert calls(world) == []


def test_it_is_for_those_who_may_deactivate(
    made: MadeDeployments, url: str, vic: User, mallory: User, alice: User
) -> None:
    ids = [row.remote_id for row in made(1)]
    assert login_as(vic).post(url, {"id": ids}).status_code == 403
    assert login_as(mallory).post(url, {"id": ids}).status_code == 404
    browser = login_as(alice)
    browser.post(url, filled(browser, url, ids))
    batch = Batch.objects.get()
    stop = reverse("deactivations:stop", args=[batch.workspace.slug, batch.uid])
    assert login_as(vic).post(stop).status_code == 403
    assert login_as(mallory).post(stop).status_code == 404
    assert states(batch) == ["due"]


def test_an_id_that_no_database_holds_is_not_known(
    made: MadeDeployments, url: str, browser: Client
) -> None:
    [row] = made(1)
    preview = browser.get(url, {"id": [row.remote_id, "a\0b"]}).context["selection"]
    assert [line.left_out for line in preview.lines] == ["", "It is not known here."]


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([], "Nothing is selected"),
        ([f"dep_{number}" for number in range(201)], "More than 200 are selected"),
    ],
)
def test_too_many_or_none_is_said(url: str, browser: Client, ids: list[str], said: str) -> None:
    for answer in (browser.get(url, {"id": ids}), browser.post(url, {"id": ids})):
        assert answer.status_code == 422
        assert f"<h1>{said}</h1>" in answer.content.decode()
    assert Batch.objects.count() == 0


def test_a_run_that_several_deployments_may_execute_is_counted_once(
    made: MadeDeployments, url: str, browser: Client
) -> None:
    rows = made(2)
    Deployment.objects.update(active_run_remote_id="", latest_run_remote_id="")
    Run.objects.update(deployment_remote_id="", status="")
    Checkpoint.objects.update(sync_status="SYNCING")
    preview = browser.get(url, {"id": [row.remote_id for row in rows]}).context["selection"]
    assert [(len(one.runs), one.is_inferred) for one in preview.impacts] == [(2, True)] * 2
    assert (preview.syncing, preview.unsaved) == (2, 2)


@pytest.mark.parametrize("page", ["preview", "batch"])
def test_it_costs_the_same_for_one_and_for_three(
    made: MadeDeployments, url: str, browser: Client, page: str
) -> None:
    ids = [row.remote_id for row in made(4)]

    def queries(chosen: list[str]) -> int:
        address, sent = url, {"id": chosen}
        if page == "batch":
            address, sent = browser.post(url, filled(browser, url, chosen)).headers["Location"], {}
        with CaptureQueriesContext(connection) as captured:
            browser.get(address, sent)
        return len(captured)

    browser.get(url, {"id": ids})
    assert queries(ids[:1]) == queries(ids[1:])
