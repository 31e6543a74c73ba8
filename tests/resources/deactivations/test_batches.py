"""Batches: one preview, one reason, and an outcome for each resource."""

from __future__ import annotations

import contextlib
import json

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations.models import Batch, Deactivation, Policy
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.deactivations.wait_forms import NOT_TOLD
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import (
    CreateDeployments,
    Poll,
    list_calls,
    run_tick,
)
from tests.resources.deactivations.requests import fill_batch_form

DEACTIVATE = "POST /v1/loops/deployments/{deployment_id}/deactivate"


@pytest.fixture
def url(acme: Workspace) -> str:
    return reverse("deactivations:bulk", args=[acme.slug, "deployments"])


def list_states(batch: Batch) -> list[str]:
    return list(batch.rows.order_by("pk").values_list("state", flat=True))


def test_a_batch_is_requested_at_once_and_sent_by_the_worker(
    create_deployments: CreateDeployments,
    url: str,
    browser: Client,
    world: Simulator,
    real_time: Timeline,
    poll: Poll,
) -> None:
    rows = create_deployments(3)
    ids = [row.remote_id for row in rows]
    preview = browser.get(url, {"id": ids}).context["selection"]
    samplers = Sampler.objects.filter(remote_id__in=[row.sampler_remote_id for row in rows])
    assert preview.gpus == sum(row.gpus_held or 0 for row in [*rows, *samplers])
    assert [line.remote_id for line in preview.requested] == ids

    response = browser.post(url, fill_batch_form(browser, url, ids))

    batch = Batch.objects.get()
    args = [batch.workspace.slug, batch.uid]
    assert response.headers["Location"] == reverse("deactivations:batch", args=args)
    assert (list_states(batch), list_calls(world)) == (["due"] * 3, [])
    real_time.pass_(60)
    assert run_tick(real_time) == 3
    poll(after=60)
    assert list_states(batch) == ["confirmed"] * 3
    assert sorted(list_calls(world)) == sorted(
        f"/v1/loops/deployments/{each}/deactivate" for each in ids
    )
    events = Event.objects.filter(action="deployment.deactivate").order_by("pk")
    for each in ids:
        outcomes = events.filter(target_id=each).values_list("outcome", "reason")
        assert list(outcomes) == [
            ("requested", "budget"),
            ("succeeded", "budget"),
            ("confirmed", "budget"),
        ]


def test_a_refused_request_does_not_stop_the_others(
    create_deployments: CreateDeployments,
    url: str,
    browser: Client,
    world: Simulator,
    real_time: Timeline,
) -> None:
    ids = [row.remote_id for row in create_deployments(3)]
    browser.post(url, fill_batch_form(browser, url, ids))
    world.add_fault(DEACTIVATE, "status", status=409, body={"message": "Not now."})
    real_time.pass_(60)
    run_tick(real_time)
    assert list_states(Batch.objects.get()) == ["refused", "succeeded", "succeeded"]


def test_the_unsent_rest_can_be_withdrawn(
    create_deployments: CreateDeployments,
    url: str,
    browser: Client,
    otto: User,
    world: Simulator,
    real_time: Timeline,
) -> None:
    ids = [row.remote_id for row in create_deployments(12)]
    browser.post(url, fill_batch_form(browser, url, ids))
    batch = Batch.objects.get()
    real_time.pass_(60)
    assert run_tick(real_time, at_most=10) == 10

    stop = reverse("deactivations:stop", args=[batch.workspace.slug, batch.uid])
    login_as(otto).post(stop)

    assert list_states(batch) == ["succeeded"] * 10 + ["withdrawn"] * 2
    real_time.pass_(60)
    assert (run_tick(real_time), len(list_calls(world))) == (0, 10)
    stopped = Event.objects.filter(outcome="withdrawn").values_list("person", "target_id")
    unsent = sorted(ids)[10:]
    assert list(stopped.order_by("pk")) == [(otto.email, unsent[0]), (otto.email, unsent[1])]


def test_resources_that_cannot_be_ended_are_left_out_with_a_reason(
    create_deployments: CreateDeployments, url: str, browser: Client, world: Simulator
) -> None:
    first, second, third = create_deployments(3)
    Deployment.objects.filter(pk=first.pk).update(status="STOPPED")
    args = [second.workspace.slug, "deployments", second.remote_id]
    browser.post(reverse("deactivations:new", args=args), {"reason": "first"})
    ids = [first.remote_id, second.remote_id, third.remote_id, "dep_unheard", third.remote_id]

    browser.post(url, fill_batch_form(browser, url, ids))

    batch = Batch.objects.get()
    assert [row.target_remote_id for row in batch.rows.all()] == [third.remote_id]
    assert batch.left_out == [
        {"id": first.remote_id, "why": "It is already STOPPED."},
        {"id": second.remote_id, "why": "A deactivation has already been requested."},
        {"id": "dep_unheard", "why": "It is not known in this workspace."},
    ]


@pytest.mark.parametrize(
    ("sent", "field"), [({"typed": "2"}, "typed"), ({"reason": " "}, "reason")]
)
def test_the_number_and_a_reason_are_required(
    create_deployments: CreateDeployments,
    url: str,
    browser: Client,
    sent: dict[str, str],
    field: str,
) -> None:
    ids = [row.remote_id for row in create_deployments(3)]
    response = browser.post(url, fill_batch_form(browser, url, ids, **sent))
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert (Batch.objects.count(), Deactivation.objects.count()) == (0, 0)


def test_a_form_submitted_twice_creates_one_batch(
    create_deployments: CreateDeployments, url: str, browser: Client
) -> None:
    form = fill_batch_form(browser, url, [row.remote_id for row in create_deployments(2)])
    for _ in range(2):
        assert browser.post(url, form).status_code == 302
    assert (Batch.objects.count(), Deactivation.objects.count()) == (1, 2)


@pytest.mark.parametrize("seen", [None, "", "x", "[]", json.dumps({})])
def test_ending_more_than_was_shown_needs_confirmation(
    create_deployments: CreateDeployments, url: str, browser: Client, seen: str | None
) -> None:
    form = fill_batch_form(browser, url, [row.remote_id for row in create_deployments(2)])
    if seen is None:
        Checkpoint.objects.update(sync_status="SYNCING")
    else:
        form["seen"] = seen
    response = browser.post(url, form)
    assert (response.status_code, Batch.objects.count()) == (409, 0)
    assert response.context["form"]["reason"].value() == "budget"
    again = {**form, "seen": response.context["form"]["seen"].value()}
    assert browser.post(url, again).status_code == 302


def test_only_resources_of_others_wait_for_approval(
    create_deployments: CreateDeployments, url: str, browser: Client, acme: Workspace
) -> None:
    own, others = create_deployments(2)
    Deployment.objects.filter(pk=others.pk).update(owner_email="bo@example.com")
    Policy.objects.create(team=acme.team, approve_others=True)
    browser.post(url, fill_batch_form(browser, url, [own.remote_id, others.remote_id]))
    assert list_states(Batch.objects.get()) == [State.DUE, State.WAITING]


def test_nothing_is_requested_unless_everything_is_recorded(
    create_deployments: CreateDeployments, url: str, browser: Client, world: Simulator
) -> None:
    form = fill_batch_form(browser, url, [row.remote_id for row in create_deployments(2)])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event RENAME TO audit_event_away")
    with contextlib.suppress(DatabaseError):  # on SQLite the page answers 503
        assert browser.post(url, form).status_code == 503
    assert list_calls(world) == []


def test_batches_need_permission_to_deactivate(
    create_deployments: CreateDeployments, url: str, vic: User, mallory: User, alice: User
) -> None:
    ids = [row.remote_id for row in create_deployments(1)]
    assert login_as(vic).post(url, {"id": ids}).status_code == 403
    assert login_as(mallory).post(url, {"id": ids}).status_code == 404
    browser = login_as(alice)
    browser.post(url, fill_batch_form(browser, url, ids))
    batch = Batch.objects.get()
    stop = reverse("deactivations:stop", args=[batch.workspace.slug, batch.uid])
    assert login_as(vic).post(stop).status_code == 403
    assert login_as(mallory).post(stop).status_code == 404
    assert list_states(batch) == ["due"]


def test_an_id_with_a_null_byte_is_unknown(
    create_deployments: CreateDeployments, url: str, browser: Client
) -> None:
    [row] = create_deployments(1)
    preview = browser.get(url, {"id": [row.remote_id, "a\0b"]}).context["selection"]
    assert [line.left_out for line in preview.lines] == ["", "It is not known in this workspace."]


@pytest.mark.parametrize(
    ("ids", "heading"),
    [
        ([], "Nothing is selected"),
        ([f"dep_{number}" for number in range(201)], "More than 200 are selected"),
    ],
)
def test_selecting_none_or_too_many_is_an_error(
    url: str, browser: Client, ids: list[str], heading: str
) -> None:
    for response in (browser.get(url, {"id": ids}), browser.post(url, {"id": ids})):
        assert response.status_code == 422
        assert f"<h1>{heading}</h1>" in response.content.decode()
    assert Batch.objects.count() == 0


def test_a_run_of_several_deployments_is_counted_once(
    create_deployments: CreateDeployments, url: str, browser: Client
) -> None:
    rows = create_deployments(2)
    Deployment.objects.update(active_run_remote_id="", latest_run_remote_id="")
    Run.objects.update(deployment_remote_id="", status="")
    Checkpoint.objects.update(sync_status="SYNCING")
    preview = browser.get(url, {"id": [row.remote_id for row in rows]}).context["selection"]
    assert [(len(each.runs), each.is_inferred) for each in preview.impacts] == [(2, True)] * 2
    assert (preview.syncing_count, preview.unsaved_count) == (2, 2)


def test_each_waits_for_its_own_checkpoints_and_the_others_are_sent(
    create_deployments: CreateDeployments,
    url: str,
    browser: Client,
    world: Simulator,
    real_time: Timeline,
    poll: Poll,
) -> None:
    first, second = (row.remote_id for row in create_deployments(2))
    run = Run.objects.get(remote_id=Deployment.objects.get(remote_id=first).active_run_remote_id)
    saved = world.world.add_checkpoint(
        run=world.world.runs[run.remote_id], name="step-9", sync_status="SYNCING"
    )
    poll(after=120)
    page = browser.get(url, {"id": [first, second]})
    form = page.context["form"]
    assert "step-9" in page.content.decode()
    sent = fill_batch_form(browser, url, [first, second])
    browser.post(url, sent | {"once_synced": form.syncing_json, "sync_hours": 2})
    batch = Batch.objects.get()
    waits = {row.target_remote_id: row for row in batch.rows.all()}
    assert [waits[each].state for each in (first, second)] == ["syncing", "due"]
    assert [each["id"] for each in waits[first].awaited] == [saved.id]
    assert waits[second].awaited == []
    assert run_tick(real_time) == 1
    assert list_calls(world) == [f"/v1/loops/deployments/{second}/deactivate"]


def test_none_is_awaited_where_the_api_does_not_tell_of_another(
    create_deployments: CreateDeployments, url: str, browser: Client, world: Simulator
) -> None:
    first, second = (row.remote_id for row in create_deployments(2))
    rows = {each.active_run_remote_id: each.remote_id for each in Deployment.objects.all()}
    for saved in Checkpoint.objects.all():
        saved.sync_status = "SYNCING" if rows[saved.run_remote_id] == first else ""
        saved.save()
    form = browser.get(url, {"id": [first, second]}).context["form"]
    sent = fill_batch_form(browser, url, [first, second])

    waits = {"once_synced": form.syncing_json, "sync_hours": 2}
    refused = browser.post(url, sent | waits)

    form = refused.context["form"]
    assert (refused.status_code, form.errors) == (422, {"once_synced": [NOT_TOLD]})
    assert (form["reason"].value(), form["sync_hours"].value()) == ("budget", "2")
    assert (Batch.objects.exists(), Deactivation.objects.exists()) == (False, False)
    assert list_calls(world) == []


def test_the_preview_keeps_up_and_says_what_is_new(
    create_deployments: CreateDeployments, url: str, browser: Client, world: Simulator, poll: Poll
) -> None:
    ids = [row.remote_id for row in create_deployments(2)]
    page = browser.get(url, {"id": ids})
    seen = {"id": ids, "marks": page.context["selection"].marks, "v": page["Loopsweb-Version"]}
    live = {"hx-request": "true", "hx-target": "live"}
    assert browser.get(url, seen, headers=live).status_code == 204
    run_id = Deployment.objects.get(remote_id=ids[1]).active_run_remote_id
    world.world.add_checkpoint(run=world.world.runs[run_id], sync_status="SYNCING")
    poll(after=120)
    part = browser.get(url, seen, headers=live)
    assert part.context["changes"] == {ids[1]: ["syncing"]}
    text = part.content.decode()
    assert ("I have seen this" in text, 'name="reason"' in text) == (True, False)
    stale = fill_batch_form(browser, url, ids) | {"seen": page.context["form"].initial["seen"]}
    assert browser.post(url, stale).status_code == 409
    told = stale | {"seen_now": part.context["form"].foreseen_json}
    assert browser.post(url, told).status_code == 302
