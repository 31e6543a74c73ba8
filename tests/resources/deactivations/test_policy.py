"""What a team demands, and what it protects: set by admins, recorded, and it holds."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Deployment
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.deactivations.conftest import calls

TERMS = {
    "reason_required": "on",
    "approve_protected": "on",
    "approval_hours": 24,
    "undo_seconds": 0,
}


@pytest.fixture
def url(acme: Workspace) -> str:
    return reverse("policy:edit", args=[acme.team_id])


def changes() -> list[Any]:
    return list(Event.objects.filter(action="team.policy").values_list("answer", flat=True))


def protect(person: User, deployment: Deployment, **sent: str) -> int:
    kwargs = {"kind": "deployments", "remote_id": deployment.remote_id}
    url = reverse("deactivations:protection", args=[deployment.workspace.slug, *kwargs.values()])
    return login_as(person).post(url, sent).status_code


def press(person: User, deployment: Deployment, **sent: str) -> int:
    args = [deployment.workspace.slug, "deployments", deployment.remote_id]
    return login_as(person).post(reverse("deactivations:new", args=args), sent).status_code


def test_a_change_is_recorded_with_what_was_and_what_is(url: str, alice: User) -> None:
    answer = login_as(alice).post(url, {**TERMS, "approve_others": "on", "undo_seconds": 30})

    assert answer.status_code == 302
    kept = Policy.objects.get()
    assert (kept.approve_others, kept.undo_seconds) == (True, 30)
    was, is_ = (
        {"approve_others": False, "undo_seconds": 0},
        {"approve_others": True, "undo_seconds": 30},
    )
    assert changes() == [{"was": was, "is": is_}]
    login_as(alice).post(url, {**TERMS, "approve_others": "on", "undo_seconds": 30})
    assert len(changes()) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("approval_hours", 0), ("approval_hours", 169), ("undo_seconds", 601), ("undo_seconds", "x")],
)
def test_what_cannot_be_is_said_at_its_field(
    url: str, alice: User, field: str, value: object
) -> None:
    answer = login_as(alice).post(url, {**TERMS, field: value})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert (Policy.objects.count(), changes()) == (0, [])


def test_it_is_for_admins_who_confirmed_lately(
    url: str, alice: User, otto: User, mallory: User
) -> None:
    assert login_as(otto).post(url, TERMS).status_code == 403
    assert login_as(mallory).post(url, TERMS).status_code == 404
    alice.set_password("correct horse battery")
    alice.save()
    browser: Client = login_as(alice)
    session = browser.session
    long_ago = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT - 1
    session["account_authentication_methods"] = [{"method": "password", "at": long_ago}]
    session.save()
    answer = browser.post(url, TERMS)
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert Policy.objects.count() == 0


def test_a_reason_is_asked_for_only_where_the_team_wants_one(
    deployment: Deployment, acme: Workspace, alice: User, world: Simulator
) -> None:
    assert press(alice, deployment) == 422
    Policy.objects.create(team=acme.team, reason_required=False)
    assert press(alice, deployment) == 302
    assert len(calls(world)) == 1


def test_what_is_protected_waits_for_a_second_person(
    deployment: Deployment, alice: User, otto: User, world: Simulator
) -> None:
    assert protect(alice, deployment, protect="on", note="Pays for itself.") == 302
    assert press(alice, deployment, reason="idle") == 302
    asked = Deactivation.objects.get()
    assert (asked.state, calls(world)) == (State.WAITING, [])
    assert asked.why_approval == f"Deployment {deployment.remote_id} is protected."
    page = login_as(otto).get(asked.get_absolute_url()).content.decode()
    assert f"is protected by {alice.email}" in page
    assert "Pays for itself." in page


def test_the_list_marks_what_is_protected(
    deployment: Deployment, acme: Workspace, alice: User
) -> None:
    browser, url = login_as(alice), reverse("deployments:list", args=[acme.slug])
    assert ">protected</span>" not in browser.get(url).content.decode()
    protect(alice, deployment, protect="on")
    assert browser.get(url).content.decode().count(">protected</span>") == 1


def test_or_is_not_ended_at_all(
    deployment: Deployment, acme: Workspace, alice: User, world: Simulator
) -> None:
    Policy.objects.create(team=acme.team, approve_protected=False)
    protect(alice, deployment, protect="on")
    assert press(alice, deployment, reason="idle") == 422
    assert (Deactivation.objects.count(), calls(world)) == (0, [])
    protect(alice, deployment)
    assert press(alice, deployment, reason="idle") == 302
    assert len(calls(world)) == 1


def test_a_run_is_protected_with_its_deployment(
    deployment: Deployment, acme: Workspace, alice: User, world: Simulator
) -> None:
    protect(alice, deployment, protect="on")
    args = [acme.slug, "runs", deployment.latest_run_remote_id]
    login_as(alice).post(reverse("deactivations:new", args=args), {"reason": "idle"})
    asked = Deactivation.objects.get()
    assert (asked.noun, asked.state, calls(world)) == ("run", State.WAITING, [])


def test_protecting_is_for_admins_and_recorded_once(
    deployment: Deployment, alice: User, otto: User, mallory: User
) -> None:
    assert protect(otto, deployment, protect="on") == 403
    assert protect(mallory, deployment, protect="on") == 404
    assert Protection.objects.count() == 0
    for _ in range(2):
        protect(alice, deployment, protect="on", note="ours")
    for _ in range(2):
        protect(alice, deployment)
    told = Event.objects.filter(outcome="succeeded", action__endswith="protect").order_by("pk")
    assert list(told.values_list("action", "person", "reason")) == [
        ("deployment.protect", alice.email, "ours"),
        ("deployment.unprotect", alice.email, ""),
    ]
