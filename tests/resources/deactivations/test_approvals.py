"""Approvals, withdrawals, emergencies, and the checks before a request is sent."""

from __future__ import annotations

import pytest
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import Membership, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Checkpoint, Deployment
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import (
    Poll,
    list_calls,
    list_outcomes,
    run_tick,
)
from tests.resources.deactivations.requests import submit_decision, submit_form

pytestmark = pytest.mark.usefixtures("owned_by_bo")


def test_nothing_is_sent_until_a_second_person_approves(
    deactivation: Deactivation,
    otto: User,
    alice: User,
    world: Simulator,
    real_time: Timeline,
    poll: Poll,
) -> None:
    assert (deactivation.state, run_tick(real_time), list_calls(world)) == (State.WAITING, 0, [])
    assert deactivation.why_approval == "It belongs to somebody else."

    assert submit_decision(alice, deactivation, "approval") == 302
    real_time.pass_(5)
    assert run_tick(real_time) == 1
    poll(after=30)

    deactivation.refresh_from_db()
    assert (deactivation.state, deactivation.approver) == (State.CONFIRMED, alice.email)
    assert alice.email in deactivation.search_text
    assert list_calls(world) == [
        f"/v1/loops/deployments/{deactivation.target_remote_id}/deactivate"
    ]
    assert list_outcomes(deactivation) == [
        ("requested", otto.email),
        ("approved", alice.email),
        ("succeeded", otto.email),
        ("confirmed", otto.email),
    ]


def test_requesters_cannot_approve_their_own_requests(
    deactivation: Deactivation, otto: User, world: Simulator, real_time: Timeline
) -> None:
    assert submit_decision(otto, deactivation, "approval") == 409
    real_time.pass_(5)
    assert (run_tick(real_time), list_calls(world)) == (0, [])
    assert list_outcomes(deactivation) == [("requested", otto.email)]


def test_deciding_needs_permission_to_deactivate(
    deactivation: Deactivation, vic: User, mallory: User
) -> None:
    for decision in ("approval", "refusal", "withdrawal"):
        url = f"{deactivation.get_absolute_url()}{decision}/"
        assert login_as(vic).post(url).status_code == 403
        assert login_as(mallory).post(url).status_code == 404
    assert login_as(mallory).get(deactivation.get_absolute_url()).status_code == 404
    deactivation.refresh_from_db()
    assert deactivation.state == State.WAITING


def test_a_second_person_may_decline_with_a_note(
    deactivation: Deactivation, alice: User, world: Simulator, real_time: Timeline
) -> None:
    assert submit_decision(alice, deactivation, "refusal", note="It still trains.") == 302
    deactivation.refresh_from_db()
    assert (deactivation.state, deactivation.reason) == (State.DECLINED, "idle")
    declined = Event.objects.get(outcome="declined")
    assert (declined.person, declined.reason) == (alice.email, "It still trains.")
    assert (
        "It still trains." in login_as(alice).get(deactivation.get_absolute_url()).content.decode()
    )
    assert submit_decision(alice, deactivation, "refusal") == 409
    assert list_calls(world) == []


def test_an_unapproved_request_expires(
    deactivation: Deactivation, alice: User, world: Simulator, real_time: Timeline
) -> None:
    real_time.pass_(2 * 3600 - 1)
    run_tick(real_time)
    deactivation.refresh_from_db()
    assert deactivation.state == State.WAITING
    real_time.pass_(10)
    run_tick(real_time)
    deactivation.refresh_from_db()
    assert (deactivation.state, list_calls(world)) == (State.EXPIRED, [])
    assert submit_decision(alice, deactivation, "approval") == 409


def test_approving_more_than_was_shown_needs_confirmation(
    deactivation: Deactivation, alice: User, world: Simulator, real_time: Timeline
) -> None:
    browser = login_as(alice)
    seen = browser.get(deactivation.get_absolute_url()).context["impact_form"]["seen"].value()
    Checkpoint.objects.update(sync_status="SYNCING")
    url = f"{deactivation.get_absolute_url()}approval/"

    refused = browser.post(url, {"seen": seen})

    assert refused.status_code == 409
    assert (
        browser.post(url, {"seen": refused.context["impact_form"]["seen"].value()}).status_code
        == 302
    )


@pytest.mark.parametrize("change", ["syncing", "protected", "gone", "stopped", "no key"])
def test_a_change_after_the_approval_withdraws_the_request(
    deactivation: Deactivation,
    alice: User,
    otto: User,
    world: Simulator,
    real_time: Timeline,
    change: str,
) -> None:
    submit_decision(alice, deactivation, "approval")
    if change == "syncing":
        Checkpoint.objects.update(sync_status="SYNCING")
    elif change == "protected":
        Protection.objects.create(
            workspace=deactivation.workspace,
            noun="deployment",
            remote_id=deactivation.target_remote_id,
            person="alice",
            since=real_time(),
        )
    elif change == "gone":
        Membership.objects.filter(user=otto, team=deactivation.workspace.team).delete()
    elif change == "stopped":
        Deployment.objects.update(status="STOPPED")
    else:
        deactivation.workspace.keys.all().delete()
    real_time.pass_(5)
    run_tick(real_time)

    deactivation.refresh_from_db()
    assert (deactivation.state, list_calls(world)) == (State.WITHDRAWN, [])
    assert [outcome[0] for outcome in list_outcomes(deactivation)] == [
        "requested",
        "approved",
        "withdrawn",
    ]


def test_a_request_can_be_withdrawn_until_it_is_sent(
    deployment: Deployment,
    alice: User,
    otto: User,
    acme: Workspace,
    world: Simulator,
    real_time: Timeline,
) -> None:
    Policy.objects.create(team=acme.team, undo_seconds=30)
    submit_form(otto, deployment)
    first = Deactivation.objects.get()
    assert (first.state, run_tick(real_time), list_calls(world)) == (State.DUE, 0, [])

    assert submit_decision(otto, first, "withdrawal") == 302
    real_time.pass_(40)
    assert (run_tick(real_time), list_calls(world)) == (0, [])

    real_time.pass_(-40)
    submit_form(otto, deployment)
    second = Deactivation.objects.latest("pk")
    real_time.pass_(40)
    assert (run_tick(real_time), len(list_calls(world))) == (1, 1)
    assert submit_decision(otto, second, "withdrawal") == 409
    assert [outcome[0] for outcome in list_outcomes(first)] == ["requested", "withdrawn"]
    assert [outcome[0] for outcome in list_outcomes(second)] == ["requested", "succeeded"]


def test_a_long_overdue_request_expires(
    deployment: Deployment,
    otto: User,
    acme: Workspace,
    world: Simulator,
    real_time: Timeline,
    settings: Settings,
) -> None:
    Policy.objects.create(team=acme.team, undo_seconds=30)
    submit_form(otto, deployment)
    settings.LOOPSWEB_READ_ONLY = True
    real_time.pass_(60)
    assert (run_tick(real_time), Deactivation.objects.get().state) == (0, State.DUE)
    real_time.pass_(600)
    settings.LOOPSWEB_READ_ONLY = False
    assert (run_tick(real_time), list_calls(world)) == (0, [])
    assert Deactivation.objects.get().state == State.EXPIRED


def test_a_waiting_request_expires_when_its_target_stops(
    deactivation: Deactivation, world: Simulator, poll: Poll
) -> None:
    world.world.deployments[deactivation.target_remote_id].status = "STOPPED"
    poll(after=120)
    deactivation.refresh_from_db()
    assert (deactivation.state, list_calls(world)) == (State.EXPIRED, [])
    assert Event.objects.get(action="deployment.stop").outcome == "observed"


def test_admins_can_deactivate_in_an_emergency_and_everyone_sees_it(
    deactivation: Deactivation,
    deployment: Deployment,
    alice: User,
    otto: User,
    world: Simulator,
    acme: Workspace,
) -> None:
    submit_decision(otto, deactivation, "withdrawal")
    submit_form(otto, deployment, break_glass="on")
    assert (Deactivation.objects.latest("pk").state, list_calls(world)) == (State.WAITING, [])
    submit_decision(otto, Deactivation.objects.latest("pk"), "withdrawal")
    Policy.objects.update(reason_required=False)
    refused = submit_form(alice, deployment, break_glass="on", reason="")
    assert refused.status_code == 422

    submit_form(alice, deployment, break_glass="on", reason="Costs run away.")

    done = Deactivation.objects.latest("pk")
    assert (done.state, done.broke_glass, len(list_calls(world))) == (State.SUCCEEDED, True, 1)
    emergency_event = Event.objects.get(action="deployment.break_glass")
    assert (emergency_event.person, emergency_event.reason, emergency_event.incident) == (
        alice.email,
        "Costs run away.",
        done.incident,
    )
    overview = login_as(otto).get(reverse("dashboard:overview", args=[acme.slug]))
    assert "used break-glass" in overview.content.decode()
