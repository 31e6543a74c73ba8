from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.invitations import delivery
from loopsweb.accounts.models import Invitation, Team, User, Workspace
from loopsweb.audit.models import Event
from tests.personas import login_as


def url(name: str, workspace: Workspace, member: User | None = None) -> str:
    args = [workspace.team_id]
    if member:
        args.append(member.memberships.get(team=workspace.team).pk)
    return reverse(f"teams:{name}", args=args)


def list_roles(team: Team) -> dict[str, str]:
    return dict(team.memberships.values_list("user__email", "role"))


def make_staff(person: User) -> User:
    person.is_staff = True
    person.save(update_fields=["is_staff"])
    return person


def add_member(admin: User, workspace: Workspace, email: str) -> list[str]:
    """The messages that the admin sees."""
    sent = {"email": email, "role": "viewer"}
    page = login_as(admin).post(url("add_member", workspace), sent, follow=True)
    return [str(message).replace(email, "…") for message in page.context["messages"]]


def test_strangers_are_invited_whether_or_not_they_have_an_account(
    alice: User, mallory: User, acme: Workspace
) -> None:
    messages = [
        add_member(alice, acme, mallory.email),
        add_member(alice, acme, "nobody@example.com"),
    ]

    assert messages == [[delivery.EMAILED.format("…")]] * 2
    assert list_roles(acme.team) == {alice.email: "admin"}
    waiting = Invitation.objects.order_by("pk").values_list("team", "email", "role")
    assert list(waiting) == [
        (acme.team_id, mallory.email, "viewer"),
        (acme.team_id, "nobody@example.com", "viewer"),
    ]


def test_sign_ins_of_invited_strangers_are_not_recorded_in_the_team(
    alice: User, mallory: User, acme: Workspace
) -> None:
    add_member(alice, acme, mallory.email)

    Client().post("/accounts/login/", {"login": mallory.email, "password": "wrong"})

    workspaces = Event.objects.filter(action="person.sign_in").values_list("workspace", flat=True)
    assert list(workspaces) == ["mallory"]


def test_people_who_share_a_team_are_added_at_once(
    alice: User, otto: User, acme: Workspace
) -> None:
    own = alice.teams.exclude(pk=acme.team_id).get()

    assert add_member(alice, own.workspaces.get(), otto.email) == ["… is now a member."]
    assert list_roles(own) == {alice.email: "admin", otto.email: "viewer"}


@pytest.mark.parametrize("ending", ["removed", "left"])
def test_former_members_are_invited_again(
    ending: str, alice: User, mallory: User, acme: Workspace
) -> None:
    add_member(alice, acme, mallory.email)
    offer = Invitation.objects.get()
    login_as(mallory).post(reverse("teams:accept_offer", args=[offer.pk]))
    if ending == "removed":
        login_as(alice).post(url("remove_member", acme, mallory))
    else:
        login_as(mallory).post(url("leave", acme))

    assert add_member(alice, acme, mallory.email) == [delivery.EMAILED.format("…")]
    assert list_roles(acme.team) == {alice.email: "admin"}


def test_staff_can_add_anybody(alice: User, mallory: User, acme: Workspace) -> None:
    make_staff(alice)
    response = login_as(alice).post(
        url("add_member", acme), {"email": "Mallory@Example.com", "role": "operator"}
    )

    assert response["Location"] == url("detail", acme)
    assert list_roles(acme.team) == {alice.email: "admin", mallory.email: "operator"}
    event = Event.objects.get()
    assert (event.workspace, event.action, event.person) == (acme.slug, "member.add", alice.email)
    assert (event.role, event.target_owner, event.answer) == (
        "admin",
        mallory.email,
        {"role": "operator"},
    )


@pytest.mark.parametrize(
    ("email", "message"),
    [
        (
            "nobody@example.com",
            ("There is no account with the email nobody@example.com. Invite them to create one."),
        ),
        ("otto@example.com", "otto@example.com is already a member. You can change their role."),
        ("not an email", "Enter a valid email address."),
    ],
)
def test_adding_is_refused(
    email: str, message: str, alice: User, otto: User, acme: Workspace
) -> None:
    make_staff(alice)
    before = list_roles(acme.team)

    response = login_as(alice).post(url("add_member", acme), {"email": email, "role": "viewer"})

    assert response.status_code == 422
    form = response.context["add_member"]
    assert form.errors["email"] == [message]
    assert form["email"].value() == email
    assert list_roles(acme.team) == before
    assert Event.objects.count() == 0


def test_deactivated_people_cannot_be_added(alice: User, mallory: User, acme: Workspace) -> None:
    make_staff(alice)
    User.objects.filter(pk=mallory.pk).update(is_active=False)

    login_as(alice).post(url("add_member", acme), {"email": mallory.email, "role": "viewer"})

    assert list_roles(acme.team) == {alice.email: "admin"}
