from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import Invitation, User, Workspace
from loopsweb.audit.models import Event
from tests.personas import login_as

EVE, PASSWORD = "eve@example.com", "correct horse battery"
NEW = {"name": "Eve", "password": PASSWORD}


def url(name: str, workspace: Workspace, *more: int) -> str:
    return reverse(f"teams:{name}", args=[workspace.team_id, *more])


def invite(alice: User, acme: Workspace, *, email: str = EVE, role: str = "operator") -> str:
    """The path in the email."""
    login_as(alice).post(url("invite", acme), {"email": email, "role": role})
    [path] = re.findall(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    return str(path)


def list_roles(acme: Workspace) -> dict[str, str]:
    return dict(acme.team.memberships.values_list("user__email", "role"))


def list_events() -> list[tuple[str, str, str]]:
    events = Event.objects.order_by("pk")
    return [(each.workspace, each.action, each.target_owner) for each in events]


def test_inviting_someone(alice: User, acme: Workspace) -> None:
    path = invite(alice, acme, email="Eve@Example.com")

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
    assert list_events() == [("acme", "member.invite", EVE)]


def test_new_people_create_an_account_and_join(alice: User, acme: Workspace) -> None:
    path, browser = invite(alice, acme), Client()

    page = browser.get(path)
    assert "Create your account to join." in page.content.decode()
    response = browser.post(path, NEW)

    assert response["Location"] == f"/accounts/login/?next=/teams/{acme.team_id}/"
    assert list_roles(acme) == {alice.email: "admin", EVE: "operator"}
    eve = User.objects.get(email=EVE)
    assert (eve.name, eve.is_staff, eve.check_password(PASSWORD)) == ("Eve", False, True)
    event = Event.objects.get(action="member.join")
    assert (event.workspace, event.person, event.role) == ("acme", EVE, "operator")
    assert event.answer == {"role": "operator"}


def test_a_link_works_once(alice: User, acme: Workspace) -> None:
    path = invite(alice, acme)
    Client().post(path, NEW)

    again = Client().post(path, {**NEW, "name": "Another"})

    assert again.status_code == 410
    assert "It was already accepted, on 2" in again.content.decode()
    assert [each.name for each in User.objects.filter(email=EVE)] == ["Eve"]


@pytest.mark.parametrize("reason", ["unknown", "expired", "revoked"])
def test_unknown_expired_and_revoked_links_do_not_work(
    reason: str, alice: User, acme: Workspace
) -> None:
    path = invite(alice, acme)
    invitation = Invitation.objects.get()
    if reason == "unknown":
        path = reverse("invitation", args=["x" * 43])
    elif reason == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        login_as(alice).post(url("revoke_invitation", acme, invitation.pk))
        assert list_events()[-1] == ("acme", "invitation.revoke", EVE)

    assert (Client().get(path).status_code, Client().post(path, NEW).status_code) == (410, 410)
    assert login_as(alice).post(path).status_code == 410
    assert list_roles(acme) == {alice.email: "admin"}


@pytest.mark.parametrize("reason", ["removed", "demoted", "switched off"])
def test_invitations_end_when_their_sender_is_no_longer_admin(
    reason: str, alice: User, otto: User, mallory: User, acme: Workspace
) -> None:
    acme.team.memberships.filter(user=otto).update(role="admin")
    for_eve = invite(otto, acme)
    for_mallory = invite(otto, acme, email=mallory.email, role="admin")
    offer = reverse("teams:accept_offer", args=[Invitation.objects.get(email=mallory.email).pk])
    member = otto.memberships.get(team=acme.team).pk
    if reason == "removed":
        login_as(alice).post(url("remove_member", acme, member))
    elif reason == "demoted":
        login_as(alice).post(url("change_role", acme, member), {"role": "operator"})
    else:
        User.objects.filter(pk=otto.pk).update(is_active=False)
    browser = login_as(mallory)

    assert Client().post(for_eve, NEW).status_code == 410
    assert browser.post(for_mallory).status_code == 410
    assert browser.post(offer).status_code == 410
    assert list(browser.get("/teams/").context["offers"]) == []
    assert {*list_roles(acme)} & {EVE, mallory.email} == set()


def test_people_with_an_account_sign_in_and_join(
    alice: User, mallory: User, acme: Workspace
) -> None:
    path = invite(alice, acme, email=mallory.email, role="viewer")

    page = Client().get(path).content.decode()
    assert f'href="/accounts/login/?next={path}"' in page
    Client().post(path, NEW)
    assert list_roles(acme) == {alice.email: "admin"}

    response = login_as(mallory).post(path)
    assert response["Location"] == url("detail", acme)
    assert list_roles(acme) == {alice.email: "admin", mallory.email: "viewer"}


def test_nobody_else_can_join_with_the_link(alice: User, mallory: User, acme: Workspace) -> None:
    path = invite(alice, acme)

    page = login_as(mallory).post(path, NEW)

    assert "You are signed in as mallory@example.com." in page.content.decode()
    assert list_roles(acme) == {alice.email: "admin"}
    assert User.objects.filter(email=EVE).count() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"password": ""}, "password"),
        ({"password": "password"}, "password"),
        ({"password": EVE}, "password"),
    ],
)
def test_a_new_account_needs_a_name_and_a_good_password(
    changes: dict[str, str], field: str, alice: User, acme: Workspace
) -> None:
    response = Client().post(invite(alice, acme), NEW | changes)

    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert 'value="correct' not in response.content.decode()
    assert User.objects.filter(email=EVE).count() == 0


def test_inviting_again_revokes_the_first_invitation(alice: User, acme: Workspace) -> None:
    first, second = invite(alice, acme), invite(alice, acme, role="viewer")

    assert (Client().get(first).status_code, Client().get(second).status_code) == (410, 200)
    listed = login_as(alice).get(url("detail", acme)).context["invitations"]
    assert [(each.email, each.role) for each in listed] == [(EVE, "viewer")]


def test_members_cannot_be_invited(alice: User, otto: User, acme: Workspace) -> None:
    response = login_as(alice).post(url("invite", acme), {"email": otto.email, "role": "admin"})

    assert response.status_code == 422
    assert response.context["invite"].errors["email"] == [
        "otto@example.com is already a member. You can change their role."
    ]


def test_only_admins_see_invitations(alice: User, otto: User, acme: Workspace) -> None:
    invite(alice, acme)

    assert EVE not in login_as(otto).get(url("detail", acme)).content.decode()


def test_an_invitation_can_be_declined(
    alice: User, mallory: User, otto: User, acme: Workspace
) -> None:
    login_as(alice).post(url("invite", acme), {"email": mallory.email, "role": "operator"})
    decline = reverse("teams:decline_offer", args=[Invitation.objects.get().pk])
    assert login_as(otto).post(decline).status_code == 404
    browser = login_as(mallory)
    assert decline in browser.get("/teams/").content.decode()

    assert browser.post(decline)["Location"] == "/teams/"

    assert mallory.email not in list_roles(acme)
    assert list_events()[-1] == ("acme", "invitation.decline", mallory.email)
    assert decline not in browser.get("/teams/").content.decode()
    assert browser.post(decline).status_code == 410


def test_invitations_of_another_team_are_not_found(
    alice: User, mallory: User, acme: Workspace
) -> None:
    invite(alice, acme)
    theirs = mallory.teams.get()

    path = reverse("teams:revoke_invitation", args=[theirs.pk, Invitation.objects.get().pk])

    assert login_as(mallory).post(path).status_code == 404
    assert Invitation.objects.get().revoked_at is None


@pytest.mark.parametrize("form", ["invite", "add_member"])
def test_too_long_emails_are_refused(form: str, alice: User, acme: Workspace) -> None:
    labels = ".".join(["a" * 60] * 4)
    sent = {"email": f"{'e' * 60}@{labels}.com", "role": "viewer"}

    response = login_as(alice).post(url(form, acme), sent)

    assert response.status_code == 422
    assert list(response.context[form].errors) == ["email"]


def test_a_name_is_one_line(alice: User, acme: Workspace) -> None:
    path = invite(alice, acme)

    response = Client().post(path, {**NEW, "name": "Eve\nPay here"})

    assert (response.status_code, list(response.context["form"].errors)) == (422, ["name"])
