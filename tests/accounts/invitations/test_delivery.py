from __future__ import annotations

import secrets
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from pytest_django import Settings

from loopsweb.accounts.invitations import delivery
from loopsweb.accounts.models import Invitation, User, Workspace
from loopsweb.audit.models import Event
from tests.personas import login_as

EVE, PASSWORD = "eve@example.com", "correct horse battery"
CONSOLE = "django.core.mail.backends.console.EmailBackend"


def url(name: str, workspace: Workspace, *more: int) -> str:
    return reverse(f"teams:{name}", args=[workspace.team_id, *more])


def list_roles(acme: Workspace) -> dict[str, str]:
    return dict(acme.team.memberships.values_list("user__email", "role"))


def list_events() -> list[tuple[str, str, str]]:
    events = Event.objects.order_by("pk")
    return [(each.workspace, each.action, each.target_owner) for each in events]


@pytest.fixture(params=["no mail server", "no connection to it"])
def no_email(request: pytest.FixtureRequest, settings: Settings) -> None:
    if request.param == "no mail server":
        settings.EMAIL_BACKEND = CONSOLE
    else:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1


def invite_with_known_link(person: User, acme: Workspace) -> tuple[Any, str]:
    """The response to that person's invitation of Eve, and the path of the link in it."""
    token = "t" * 43
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_urlsafe", lambda _: token)
        response = login_as(person).post(url("invite", acme), {"email": EVE, "role": "viewer"})
    return response, reverse("invitation", args=[token])


def test_without_email_staff_see_the_link_once(
    no_email: None, alice: User, acme: Workspace, capfd: pytest.CaptureFixture[str]
) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)

    response, link = invite_with_known_link(User.objects.get(pk=alice.pk), acme)

    assert (response.status_code, response.context["link"]) == (201, f"http://testserver{link}")
    assert link in strip_tags(response.content.decode())
    assert Client().get(link).status_code == 200
    assert link not in login_as(alice).get(url("detail", acme)).content.decode()
    assert link not in "".join(capfd.readouterr())


def test_without_email_nobody_else_sees_the_link(
    no_email: None, alice: User, acme: Workspace, capfd: pytest.CaptureFixture[str]
) -> None:
    response, link = invite_with_known_link(alice, acme)

    browser = login_as(alice)
    page = browser.get(url("detail", acme)).content.decode()
    assert response["Location"] == url("detail", acme)
    assert Client().get(link).status_code == 200
    assert link not in response.content.decode() + page + "".join(capfd.readouterr())
    assert link not in str(response.cookies)


def test_messages_do_not_reveal_who_has_an_account(
    no_email: None, alice: User, mallory: User, acme: Workspace
) -> None:
    messages = {}
    for email in (EVE, mallory.email):
        page = login_as(alice).post(
            url("invite", acme), {"email": email, "role": "viewer"}, follow=True
        )
        messages[email] = [str(each).replace(email, "…") for each in page.context["messages"]]

    assert messages[EVE] == messages[mallory.email] == [delivery.NOT_EMAILED.format("…")]


def test_an_invitation_can_be_accepted_under_teams(
    no_email: None, alice: User, mallory: User, otto: User, acme: Workspace
) -> None:
    login_as(alice).post(url("invite", acme), {"email": mallory.email, "role": "operator"})
    accept = reverse("teams:accept_offer", args=[Invitation.objects.get().pk])

    assert accept not in login_as(otto).get("/teams/").content.decode()
    assert login_as(otto).post(accept).status_code == 404
    assert mallory.email not in list_roles(acme)
    browser = login_as(mallory)
    assert accept in browser.get("/teams/").content.decode()
    assert browser.get(accept)["Location"] == "/teams/"

    response = browser.post(accept)

    assert response["Location"] == url("detail", acme)
    assert list_roles(acme)[mallory.email] == "operator"
    assert list_events()[-1] == ("acme", "member.join", mallory.email)
    assert accept not in browser.get("/teams/").content.decode()
    assert browser.post(accept).status_code == 410


@pytest.mark.parametrize("form", ["invite", "add_member"])
def test_invitations_are_rate_limited(form: str, alice: User, acme: Workspace) -> None:
    browser = login_as(alice)
    for number in range(30):
        sent = {"email": f"eve{number}@example.com", "role": "viewer"}
        browser.post(url("add_member" if number % 2 else "invite", acme), sent)

    response = browser.post(url(form, acme), {"email": EVE, "role": "viewer"})

    assert response.status_code == 429
    assert response.context[form].errors["email"] == [
        "You can do this 30 times an hour. Try again later."
    ]
    assert (len(mail.outbox), Invitation.objects.count()) == (30, 30)
