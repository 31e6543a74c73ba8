"""Policies and protections: set by admins, recorded and enforced."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.chain import stored
from loopsweb.audit.models import Event
from loopsweb.audit.record import Actor
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.deactivations.requirements import change_policy
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Deployment
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import list_calls

FORM_DATA = {
    "reason_required": "on",
    "approve_protected": "on",
    "approval_hours": 24,
    "undo_seconds": 0,
}


@pytest.fixture
def url(acme: Workspace) -> str:
    return reverse("policy:edit", args=[acme.team_id])


def list_policy_changes() -> list[Any]:
    return list(Event.objects.filter(action="team.policy").values_list("answer", flat=True))


def submit_protection(person: User, deployment: Deployment, **fields: str) -> int:
    kwargs = {"kind": "deployments", "remote_id": deployment.remote_id}
    url = reverse("deactivations:protection", args=[deployment.workspace.slug, *kwargs.values()])
    return login_as(person).post(url, fields).status_code


def submit_request(person: User, deployment: Deployment, **fields: str) -> int:
    args = [deployment.workspace.slug, "deployments", deployment.remote_id]
    return login_as(person).post(reverse("deactivations:new", args=args), fields).status_code


def test_a_change_is_recorded_with_the_values_before_and_after(url: str, alice: User) -> None:
    response = login_as(alice).post(url, {**FORM_DATA, "approve_others": "on", "undo_seconds": 30})

    assert response.status_code == 302
    saved = Policy.objects.get()
    assert (saved.approve_others, saved.undo_seconds) == (True, 30)
    was, is_ = (
        {"approve_others": False, "undo_seconds": 0},
        {"approve_others": True, "undo_seconds": 30},
    )
    assert list_policy_changes() == [{"was": was, "is": is_}]
    login_as(alice).post(url, {**FORM_DATA, "approve_others": "on", "undo_seconds": 30})
    assert len(list_policy_changes()) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("approval_hours", 0), ("approval_hours", 169), ("undo_seconds", 601), ("undo_seconds", "x")],
)
def test_an_invalid_value_is_an_error_at_its_field(
    url: str, alice: User, field: str, value: object
) -> None:
    response = login_as(alice).post(url, {**FORM_DATA, field: value})
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert (Policy.objects.count(), list_policy_changes()) == (0, [])


def test_the_policy_needs_an_admin_who_signed_in_recently(
    url: str, alice: User, otto: User, mallory: User
) -> None:
    assert login_as(otto).post(url, FORM_DATA).status_code == 403
    assert login_as(mallory).post(url, FORM_DATA).status_code == 404
    alice.set_password("correct horse battery")
    alice.save()
    browser: Client = login_as(alice)
    session = browser.session
    long_ago = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT - 1
    session["account_authentication_methods"] = [{"method": "password", "at": long_ago}]
    session.save()
    response = browser.post(url, FORM_DATA)
    assert response.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert Policy.objects.count() == 0


def test_the_policy_decides_whether_a_reason_is_required(
    deployment: Deployment, acme: Workspace, alice: User, world: Simulator
) -> None:
    assert submit_request(alice, deployment) == 422
    Policy.objects.create(team=acme.team, reason_required=False)
    assert submit_request(alice, deployment) == 302
    assert len(list_calls(world)) == 1


def test_simultaneous_policy_changes_match_the_audit_trail(
    acme: Workspace, alice: User, real_time: Timeline
) -> None:
    by = Actor(workspace=acme.slug, person=alice.email, role="admin", address="", request_id="")
    Policy.objects.create(team=acme.team)
    stale = Policy.objects.get()
    stale.undo_seconds = 30
    fresh = Policy.objects.get()
    fresh.approve_others = True
    change_policy(fresh, by=by, now=real_time())
    change_policy(stale, by=by, now=real_time())
    recorded: dict[str, object] = {}
    for event in Event.objects.filter(action="team.policy").order_by("pk"):
        recorded |= dict(event.answer or {})["is"]
    saved = Policy.objects.get()
    assert recorded == {"approve_others": saved.approve_others, "undo_seconds": saved.undo_seconds}
    assert stored.verify_stored_chain(acme.slug).sequence >= 2


def test_protected_resources_need_a_second_person(
    deployment: Deployment, alice: User, otto: User, world: Simulator
) -> None:
    assert submit_protection(alice, deployment, protect="on", note="Pays for itself.") == 302
    assert submit_request(alice, deployment, reason="idle") == 302
    deactivation = Deactivation.objects.get()
    assert (deactivation.state, list_calls(world)) == (State.WAITING, [])
    assert deactivation.why_approval == f"Deployment {deployment.remote_id} is protected."
    page = login_as(otto).get(deactivation.get_absolute_url()).content.decode()
    assert f"is protected by {alice.email}" in page
    assert "Pays for itself." in page


def test_the_list_marks_protected_deployments(
    deployment: Deployment, acme: Workspace, alice: User
) -> None:
    browser, url = login_as(alice), reverse("deployments:list", args=[acme.slug])
    assert ">protected</span>" not in browser.get(url).content.decode()
    submit_protection(alice, deployment, protect="on")
    assert browser.get(url).content.decode().count(">protected</span>") == 1


def test_the_policy_can_forbid_deactivating_protected_resources(
    deployment: Deployment, acme: Workspace, alice: User, world: Simulator
) -> None:
    Policy.objects.create(team=acme.team, approve_protected=False)
    submit_protection(alice, deployment, protect="on")
    assert submit_request(alice, deployment, reason="idle") == 422
    assert (Deactivation.objects.count(), list_calls(world)) == (0, [])
    submit_protection(alice, deployment, break_glass="on", note="it burns")
    assert submit_request(alice, deployment, reason="idle") == 302
    assert len(list_calls(world)) == 1


def test_a_run_is_protected_with_its_deployment(
    deployment: Deployment, acme: Workspace, alice: User, world: Simulator
) -> None:
    submit_protection(alice, deployment, protect="on")
    args = [acme.slug, "runs", deployment.latest_run_remote_id]
    login_as(alice).post(reverse("deactivations:new", args=args), {"reason": "idle"})
    deactivation = Deactivation.objects.get()
    assert (deactivation.noun, deactivation.state, list_calls(world)) == ("run", State.WAITING, [])


def test_only_admins_protect_and_changes_are_recorded_once(
    deployment: Deployment, alice: User, otto: User, mallory: User
) -> None:
    assert submit_protection(otto, deployment, protect="on") == 403
    assert submit_protection(mallory, deployment, protect="on") == 404
    assert Protection.objects.count() == 0
    for _ in range(2):
        submit_protection(alice, deployment, protect="on", note="ours")
    events = Event.objects.filter(outcome="succeeded", action__endswith="protect").order_by("pk")
    assert list(events.values_list("action", "person", "reason")) == [
        ("deployment.protect", alice.email, "ours"),
    ]
