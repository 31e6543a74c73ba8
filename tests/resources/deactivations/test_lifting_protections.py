"""A protection is lifted by two admins, or by one who breaks the glass."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import Role, User, Workspace
from loopsweb.audit.erasure import erase_person
from loopsweb.audit.models import Event
from loopsweb.dashboard.attention import find_attention_items
from loopsweb.resources.deactivations.models import Policy
from loopsweb.resources.deactivations.protections import LiftRequest, Protection
from loopsweb.resources.models import Deployment
from tests.personas import create_member, login_as


@pytest.fixture
def ada(acme: Workspace) -> User:
    return create_member(acme, name="ada", role=Role.ADMIN)


@pytest.fixture
def url(deployment: Deployment, alice: User) -> str:
    """Of the protection, which alice has set."""
    args = [deployment.workspace.slug, "deployments", deployment.remote_id]
    url = reverse("deactivations:protection", args=args)
    login_as(alice).post(url, {"protect": "on", "note": "ours"})
    return url


def list_events() -> list[tuple[str, str, str, str, Any]]:
    events = Event.objects.filter(action__regex="protect|glass").order_by("pk")[1:]
    return [(each.action, each.outcome, each.person, each.reason, each.answer) for each in events]


def list_attention(workspace: Workspace) -> list[tuple[str, bool]]:
    items = find_attention_items(workspace, now=timezone.now())
    return [(each.text, each.needs_decision) for each in items if "protection" in each.text]


@pytest.mark.parametrize("approve_protected", [True, False])
def test_two_admins_lift_it(
    approve_protected: bool, url: str, acme: Workspace, alice: User, ada: User
) -> None:
    Policy.objects.create(team=acme.team, approve_protected=approve_protected)
    for _ in range(2):
        login_as(alice).post(url, {"note": "done"})
    assert Protection.objects.count() == 1
    asks = "alice@example.com asks to lift the protection of a deployment."
    assert list_attention(acme) == [(f"{asks} Another admin has to agree.", True)]

    login_as(ada).post(url, {"note": "agreed"})

    assert Protection.objects.count() == 0
    verb = "deployment.unprotect"
    assert list_events() == [
        (verb, "requested", alice.email, "done", None),
        (verb, "succeeded", ada.email, "agreed", None),
    ]
    assert len({each.incident for each in Event.objects.filter(action=verb)}) == 1
    assert list_attention(acme) == []


def test_one_admin_alone_breaks_the_glass(url: str, acme: Workspace, alice: User) -> None:
    browser = login_as(alice)

    refused = browser.post(url, {"break_glass": "on", "note": "-"})
    assert (refused.status_code, Protection.objects.count()) == (422, 1)
    assert refused.context["form"].errors == {"note": ["Enter why this could not wait."]}

    browser.post(url, {"break_glass": "on", "note": "it burns"})

    assert Protection.objects.count() == 0
    passed_over = {"passed_over": "Another admin has to agree to lift a protection."}
    assert list_events() == [
        ("deployment.break_glass", "succeeded", alice.email, "it burns", passed_over),
        ("deployment.unprotect", "succeeded", alice.email, "it burns", {"broke_glass": True}),
    ]
    text = "alice@example.com used break-glass to lift the protection of a deployment."
    assert list_attention(acme) == [(text, False)]
    assert text in login_as(alice).get(acme.get_absolute_url()).content.decode()


def test_a_request_expires(url: str, acme: Workspace, alice: User, ada: User) -> None:
    Policy.objects.create(team=acme.team, approval_hours=2)
    login_as(alice).post(url, {"note": "done"})
    lift = LiftRequest.objects.get()
    assert lift.expires_at - lift.requested_at == timedelta(hours=2)
    LiftRequest.objects.update(expires_at=timezone.now())

    login_as(ada).post(url, {"note": "agreed"})

    assert Protection.objects.count() == 1
    assert LiftRequest.objects.latest("pk").person == ada.email


@pytest.mark.parametrize("change", ["demoted", "left", "deactivated", "renamed", "erased"])
def test_a_request_counts_while_its_person_is_an_admin(
    change: str, url: str, acme: Workspace, alice: User, ada: User
) -> None:
    login_as(ada).post(url, {"note": "done"})
    membership, agreeing = acme.team.memberships.get(user=ada), alice
    if change == "demoted":
        membership.role = Role.OPERATOR
        membership.save()
    elif change == "left":
        membership.delete()
    elif change == "deactivated":
        User.objects.filter(pk=ada.pk).update(is_active=False)
    elif change == "renamed":
        User.objects.filter(pk=ada.pk).update(email="ada.l@example.com")
        agreeing = User.objects.get(pk=ada.pk)
    else:
        erase_person(ada.email, by="ops", reason="asked", now=timezone.now())
        agreeing = ada
    assert list_attention(acme) == []

    login_as(agreeing).post(url, {"note": "agreed"})

    assert Protection.objects.count() == 1
    assert LiftRequest.objects.latest("pk").person == agreeing.email


def test_operators_do_not_lift(url: str, alice: User, otto: User) -> None:
    login_as(alice).post(url, {"note": "done"})

    assert login_as(otto).post(url, {"break_glass": "on", "note": "it burns"}).status_code == 403
    assert login_as(otto).get(url).status_code == 403
    assert Protection.objects.count() == 1


def test_the_page_says_what_each_admin_can_do(url: str, alice: User, ada: User) -> None:
    for person, buttons in ((alice, ["Ask another admin"]), (ada, ["Ask another admin"])):
        assert list_buttons(person, url) == [*buttons, "Break glass: lift now"]
    login_as(alice).post(url, {"note": "done"})

    assert list_buttons(alice, url) == ["Break glass: lift now"]
    assert list_buttons(ada, url) == ["Lift the protection", "Break glass: lift now"]


def list_buttons(person: User, url: str) -> list[str]:
    page = login_as(person).get(url).content.decode()
    texts = [part.partition("<")[0].partition(">")[2] for part in page.split("<button")]
    return [text for text in texts if "lift" in text.lower() or "admin" in text]


def test_a_second_post_does_not_protect_again(url: str, alice: User) -> None:
    browser, form = login_as(alice), {"break_glass": "on", "note": "it burns"}

    for _ in range(2):
        browser.post(url, form)

    assert Protection.objects.count() == 0


def test_erasing_a_person_erases_their_request(url: str, alice: User, ada: User) -> None:
    login_as(ada).post(url, {"note": "done"})

    erase_person(ada.email, by="ops", reason="asked", now=timezone.now())

    lift = LiftRequest.objects.get()
    assert (lift.person, lift.reason) == ("", "")
