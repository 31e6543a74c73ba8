from __future__ import annotations

import re
import secrets
import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from loopsweb.accounts.invitations import sending
from loopsweb.accounts.invitations.models import Invitation
from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from tests.personas import client_of

EVE, PASSWORD = "eve@example.com", "correct horse battery"
NEW = {"name": "Eve", "password": PASSWORD}
CONSOLE = "django.core.mail.backends.console.EmailBackend"


def url(name: str, workspace: Workspace, *more: int) -> str:
    return reverse(f"teams:{name}", args=[workspace.team_id, *more])


def invited(alice: User, acme: Workspace, *, email: str = EVE, role: str = "operator") -> str:
    """The path in the mail that was sent."""
    client_of(alice).post(url("invite", acme), {"email": email, "role": role})
    [path] = re.findall(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    return str(path)


def roles(acme: Workspace) -> dict[str, str]:
    return dict(acme.team.memberships.values_list("user__email", "role"))


def told() -> list[tuple[str, str, str]]:
    events = Event.objects.order_by("pk")
    return [(each.workspace, each.action, each.target_owner) for each in events]


def test_inviting(alice: User, acme: Workspace) -> None:
    path = invited(alice, acme, email="Eve@Example.com")

    [message] = mail.outbox
    assert (message.to, message.subject) == ([EVE], "Join Acme on loopsweb")
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.invited_by) == (
        EVE,
        "operator",
        alice.email,
    )
    assert invitation.expires_at - invitation.invited_at == timedelta(days=7)
    token = path.split("/")[-2]
    assert token not in str(list(Invitation.objects.values()) + list(Event.objects.values()))
    assert told() == [("acme", "member.invite", EVE)]


def test_who_is_new_makes_an_account_and_joins(alice: User, acme: Workspace) -> None:
    path, browser = invited(alice, acme), Client()

    page = browser.get(path)
    assert "This makes your account." in page.content.decode()
    answer = browser.post(path, NEW)

    assert answer["Location"] == f"/accounts/login/?next=/teams/{acme.team_id}/"
    assert roles(acme) == {alice.email: "admin", EVE: "operator"}
    eve = User.objects.get(email=EVE)
    assert (eve.name, eve.is_staff, eve.check_password(PASSWORD)) == ("Eve", False, True)
    event = Event.objects.get(action="member.join")
    assert (event.workspace, event.person, event.role) == ("acme", EVE, "operator")
    assert event.answer == {"role": "operator"}


def test_a_link_works_once(alice: User, acme: Workspace) -> None:
    path = invited(alice, acme)
    Client().post(path, NEW)

    again = Client().post(path, {**NEW, "name": "Another"})

    assert again.status_code == 410
    assert "This invitation does not work" in again.content.decode()
    assert [each.name for each in User.objects.filter(email=EVE)] == ["Eve"]


@pytest.mark.parametrize("why", ["unknown", "expired", "revoked"])
def test_a_link_that_does_not_work(why: str, alice: User, acme: Workspace) -> None:
    path = invited(alice, acme)
    invitation = Invitation.objects.get()
    if why == "unknown":
        path = reverse("invitation", args=["x" * 43])
    elif why == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        client_of(alice).post(url("revoke_invitation", acme, invitation.pk))
        assert told()[-1] == ("acme", "invitation.revoke", EVE)

    assert (Client().get(path).status_code, Client().post(path, NEW).status_code) == (410, 410)
    assert client_of(alice).post(path).status_code == 410
    assert roles(acme) == {alice.email: "admin"}


@pytest.mark.parametrize("why", ["removed", "demoted", "switched off"])
def test_an_invitation_goes_with_the_power_of_who_sent_it(
    why: str, alice: User, otto: User, mallory: User, acme: Workspace
) -> None:
    acme.team.memberships.filter(user=otto).update(role="admin")
    for_eve = invited(otto, acme)
    for_mallory = invited(otto, acme, email=mallory.email, role="admin")
    offer = reverse("teams:accept_offer", args=[Invitation.objects.get(email=mallory.email).pk])
    member = otto.memberships.get(team=acme.team).pk
    if why == "removed":
        client_of(alice).post(url("remove_member", acme, member))
    elif why == "demoted":
        client_of(alice).post(url("change_role", acme, member), {"role": "operator"})
    else:
        User.objects.filter(pk=otto.pk).update(is_active=False)
    browser = client_of(mallory)

    assert Client().post(for_eve, NEW).status_code == 410
    assert browser.post(for_mallory).status_code == 410
    assert browser.post(offer).status_code == 410
    assert list(browser.get("/teams/").context["offers"]) == []
    assert {*roles(acme)} & {EVE, mallory.email} == set()


def test_who_has_an_account_signs_in_and_joins(alice: User, mallory: User, acme: Workspace) -> None:
    path = invited(alice, acme, email=mallory.email, role="viewer")

    page = Client().get(path).content.decode()
    assert f'href="/accounts/login/?next={path}"' in page
    Client().post(path, NEW)
    assert roles(acme) == {alice.email: "admin"}

    answer = client_of(mallory).post(path)
    assert answer["Location"] == url("detail", acme)
    assert roles(acme) == {alice.email: "admin", mallory.email: "viewer"}


def test_nobody_else_joins_with_the_link(alice: User, mallory: User, acme: Workspace) -> None:
    path = invited(alice, acme)

    page = client_of(mallory).post(path, NEW)

    assert "You are signed in as mallory@example.com." in page.content.decode()
    assert roles(acme) == {alice.email: "admin"}
    assert User.objects.filter(email=EVE).count() == 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"password": ""}, "password"),
        ({"password": "password"}, "password"),
        ({"password": EVE}, "password"),
    ],
)
def test_what_an_account_needs(
    given: dict[str, str], field: str, alice: User, acme: Workspace
) -> None:
    answer = Client().post(invited(alice, acme), NEW | given)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert 'value="correct' not in answer.content.decode()
    assert User.objects.filter(email=EVE).count() == 0


def test_inviting_again_takes_the_first_one_back(alice: User, acme: Workspace) -> None:
    first, second = invited(alice, acme), invited(alice, acme, role="viewer")

    assert (Client().get(first).status_code, Client().get(second).status_code) == (410, 200)
    listed = client_of(alice).get(url("detail", acme)).context["invitations"]
    assert [(each.email, each.role) for each in listed] == [(EVE, "viewer")]


def test_a_member_is_not_invited(alice: User, otto: User, acme: Workspace) -> None:
    answer = client_of(alice).post(url("invite", acme), {"email": otto.email, "role": "admin"})

    assert answer.status_code == 422
    assert answer.context["invite"].errors["email"] == [
        "otto@example.com is a member already. Change the role below."
    ]


def test_members_who_do_not_manage_see_no_invitations(
    alice: User, otto: User, acme: Workspace
) -> None:
    invited(alice, acme)

    assert EVE not in client_of(otto).get(url("detail", acme)).content.decode()


@pytest.fixture(params=["no mail server", "a mail server that refuses"])
def no_mail(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: object) -> None:
        raise smtplib.SMTPException("no")

    if request.param == "no mail server":
        settings.EMAIL_BACKEND = CONSOLE
    else:
        monkeypatch.setattr("django.core.mail.EmailMessage.send", refused)


def link_of(person: User, acme: Workspace) -> tuple[Any, str]:
    """That person's answer on inviting eve, and the link as the server made it."""
    token = "t" * 43
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_urlsafe", lambda _: token)
        answer = client_of(person).post(url("invite", acme), {"email": EVE, "role": "viewer"})
    return answer, reverse("invitation", args=[token])


def test_without_mail_staff_are_shown_the_link_once(
    no_mail: None, alice: User, acme: Workspace, capfd: pytest.CaptureFixture[str]
) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)

    shown, link = link_of(User.objects.get(pk=alice.pk), acme)

    assert (shown.status_code, shown.context["link"]) == (201, f"http://testserver{link}")
    assert link in shown.content.decode()
    assert Client().get(link).status_code == 200
    assert link not in client_of(alice).get(url("detail", acme)).content.decode()
    assert link not in "".join(capfd.readouterr())


def test_without_mail_nobody_else_can_become_whom_they_invite(
    no_mail: None, alice: User, acme: Workspace, capfd: pytest.CaptureFixture[str]
) -> None:
    answer, link = link_of(alice, acme)

    browser = client_of(alice)
    page = browser.get(url("detail", acme)).content.decode()
    assert answer["Location"] == url("detail", acme)
    assert Client().get(link).status_code == 200
    assert link not in answer.content.decode() + page + "".join(capfd.readouterr())
    assert link not in str(answer.cookies)


def test_what_is_said_does_not_tell_who_has_an_account(
    no_mail: None, alice: User, mallory: User, acme: Workspace
) -> None:
    said = {}
    for email in (EVE, mallory.email):
        page = client_of(alice).post(
            url("invite", acme), {"email": email, "role": "viewer"}, follow=True
        )
        said[email] = [str(each).replace(email, "…") for each in page.context["messages"]]

    assert said[EVE] == said[mallory.email] == [sending.WAITS.format("…")]


def test_an_invitation_waits_where_one_signs_in(
    no_mail: None, alice: User, mallory: User, otto: User, acme: Workspace
) -> None:
    client_of(alice).post(url("invite", acme), {"email": mallory.email, "role": "operator"})
    accept = reverse("teams:accept_offer", args=[Invitation.objects.get().pk])

    assert accept not in client_of(otto).get("/teams/").content.decode()
    assert client_of(otto).post(accept).status_code == 404
    assert mallory.email not in roles(acme)
    browser = client_of(mallory)
    assert accept in browser.get("/teams/").content.decode()
    assert browser.get(accept)["Location"] == "/teams/"

    answer = browser.post(accept)

    assert answer["Location"] == url("detail", acme)
    assert roles(acme)[mallory.email] == "operator"
    assert told()[-1] == ("acme", "member.join", mallory.email)
    assert accept not in browser.get("/teams/").content.decode()
    assert browser.post(accept).status_code == 410


def test_an_invitation_may_be_declined(
    alice: User, mallory: User, otto: User, acme: Workspace
) -> None:
    client_of(alice).post(url("invite", acme), {"email": mallory.email, "role": "operator"})
    decline = reverse("teams:decline_offer", args=[Invitation.objects.get().pk])
    assert client_of(otto).post(decline).status_code == 404
    browser = client_of(mallory)
    assert decline in browser.get("/teams/").content.decode()

    assert browser.post(decline)["Location"] == "/teams/"

    assert mallory.email not in roles(acme)
    assert told()[-1] == ("acme", "invitation.decline", mallory.email)
    assert decline not in browser.get("/teams/").content.decode()
    assert browser.post(decline).status_code == 410


def test_an_invitation_of_another_team_is_not_reached_through_ones_own(
    alice: User, mallory: User, acme: Workspace
) -> None:
    invited(alice, acme)
    theirs = mallory.teams.get()

    path = reverse("teams:revoke_invitation", args=[theirs.pk, Invitation.objects.get().pk])

    assert client_of(mallory).post(path).status_code == 404
    assert Invitation.objects.get().revoked_at is None


@pytest.mark.parametrize("form", ["invite", "add_member"])
def test_nobody_has_mail_sent_without_end(form: str, alice: User, acme: Workspace) -> None:
    browser = client_of(alice)
    for number in range(30):
        sent = {"email": f"eve{number}@example.com", "role": "viewer"}
        browser.post(url("add_member" if number % 2 else "invite", acme), sent)

    answer = browser.post(url(form, acme), {"email": EVE, "role": "viewer"})

    assert answer.status_code == 429
    assert answer.context[form].errors["email"] == [
        "This can be done 30 times in an hour. Wait an hour, then try again."
    ]
    assert (len(mail.outbox), Invitation.objects.count()) == (30, 30)


@pytest.mark.parametrize("form", ["invite", "add_member"])
def test_an_email_longer_than_any(form: str, alice: User, acme: Workspace) -> None:
    labels = ".".join(["a" * 60] * 4)
    sent = {"email": f"{'e' * 60}@{labels}.com", "role": "viewer"}

    answer = client_of(alice).post(url(form, acme), sent)

    assert answer.status_code == 422
    assert list(answer.context[form].errors) == ["email"]


def test_a_new_persons_name_is_one_line(alice: User, acme: Workspace) -> None:
    path = invited(alice, acme)

    answer = Client().post(path, {**NEW, "name": "Eve\nPay here"})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["name"])
