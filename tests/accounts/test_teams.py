from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.invitations import sending
from loopsweb.accounts.models import Invitation, Membership, Role, Team, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from tests.keys.factory import key_of
from tests.personas import client_of


def url(name: str, workspace: Workspace, member: User | None = None) -> str:
    args = [workspace.team_id]
    if member:
        args.append(member.memberships.get(team=workspace.team).pk)
    return reverse(f"teams:{name}", args=args)


def roles(team: Team) -> dict[str, str]:
    return dict(team.memberships.values_list("user__email", "role"))


def trail() -> list[tuple[str, str, str]]:
    events = Event.objects.order_by("pk")
    return [(each.workspace, each.action, each.target_name or each.target_owner) for each in events]


def test_everyone_has_a_team_and_a_workspace_of_their_own(mallory: User) -> None:
    membership = mallory.memberships.get()

    assert membership.role == Role.ADMIN
    assert [workspace.slug for workspace in membership.team.workspaces.all()] == ["mallory"]


def test_the_list_shows_ones_own_teams(otto: User, acme: Workspace) -> None:
    page = client_of(otto).get("/teams/")

    shown = [(each.team.name, each.role) for each in page.context["memberships"]]
    assert shown == [("Acme", "operator"), ("Otto", "admin")]


def test_starting_a_team(otto: User) -> None:
    answer = client_of(otto).post("/teams/new/", {"name": "Research"})

    team = Team.objects.get(name="Research")
    assert answer["Location"] == f"/teams/{team.pk}/"
    assert roles(team) == {otto.email: "admin"}
    assert [workspace.slug for workspace in team.workspaces.all()] == ["research"]
    assert trail() == [("research", "workspace.create", "Research")]


def test_a_team_needs_a_name(otto: User) -> None:
    answer = client_of(otto).post("/teams/new/", {"name": " "})

    assert answer.status_code == 422
    assert answer.context["form"].errors["name"] == ["This field is required."]


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\t", "\x1b", "\x85", "\u2028"])
def test_a_name_is_one_line(sign: str, alice: User, acme: Workspace) -> None:
    browser, given = client_of(alice), {"name": f"Acme{sign}Pay here"}

    answers = [
        browser.post(path, given)
        for path in ("/teams/new/", url("rename", acme), url("add_workspace", acme))
    ]

    assert [each.status_code for each in answers] == [422] * 3
    assert answers[0].context["form"].errors["name"] == [
        "A name is one line of text. Take out line breaks and control characters."
    ]


def test_nobody_takes_all_the_names(alice: User, otto: User, acme: Workspace) -> None:
    browser = client_of(alice)
    for number in range(20):
        browser.post("/teams/new/", {"name": f"Team {number}"})
    before = Workspace.objects.count()

    team = browser.post("/teams/new/", {"name": "One more"})
    workspace = browser.post(url("add_workspace", acme), {"name": "One more"})

    said = ["This can be done 20 times in an hour. Wait an hour, then try again."]
    assert (team.status_code, workspace.status_code) == (429, 429)
    assert team.context["form"].errors["name"] == said
    assert workspace.context["add_workspace"].errors["name"] == said
    assert Workspace.objects.count() == before
    assert client_of(otto).post("/teams/new/", {"name": "One more"}).status_code == 302


@pytest.mark.parametrize("persona", ["otto", "vic"])
def test_members_see_each_other_and_change_nothing(
    persona: str, otto: User, vic: User, acme: Workspace
) -> None:
    person = {"otto": otto, "vic": vic}[persona]

    page = client_of(person).get(url("detail", acme))

    assert [member.user.email for member, _ in page.context["members"]] == [
        "alice@example.com",
        "otto@example.com",
        "vic@example.com",
    ]
    forms = re.findall(
        r'<form method="post" action="([^"]+)"', page.content.decode().split("<main")[1]
    )
    assert forms == [url("leave", acme)]


def made_staff(person: User) -> User:
    person.is_staff = True
    person.save(update_fields=["is_staff"])
    return person


def adds(admin: User, workspace: Workspace, email: str) -> list[str]:
    """What the admin is told."""
    sent = {"email": email, "role": "viewer"}
    page = client_of(admin).post(url("add_member", workspace), sent, follow=True)
    return [str(message).replace(email, "…") for message in page.context["messages"]]


def test_a_stranger_is_asked_first_whether_or_not_they_have_an_account(
    alice: User, mallory: User, acme: Workspace
) -> None:
    said = [adds(alice, acme, mallory.email), adds(alice, acme, "nobody@example.com")]

    assert said == [[sending.MAILED.format("…")]] * 2
    assert roles(acme.team) == {alice.email: "admin"}
    waiting = Invitation.objects.order_by("pk").values_list("team", "email", "role")
    assert list(waiting) == [
        (acme.team_id, mallory.email, "viewer"),
        (acme.team_id, "nobody@example.com", "viewer"),
    ]


def test_the_sign_ins_of_a_stranger_stay_theirs(
    alice: User, mallory: User, acme: Workspace
) -> None:
    adds(alice, acme, mallory.email)

    Client().post("/accounts/login/", {"login": mallory.email, "password": "wrong"})

    told = Event.objects.filter(action="person.sign_in").values_list("workspace", flat=True)
    assert list(told) == ["mallory"]


def test_who_shares_a_team_is_a_member_at_once(alice: User, otto: User, acme: Workspace) -> None:
    own = alice.teams.exclude(pk=acme.team_id).get()

    assert adds(alice, own.workspaces.get(), otto.email) == ["… is a member now."]
    assert roles(own) == {alice.email: "admin", otto.email: "viewer"}


@pytest.mark.parametrize("way", ["removed", "left"])
def test_who_accepted_once_and_left_is_asked_again(
    way: str, alice: User, mallory: User, acme: Workspace
) -> None:
    adds(alice, acme, mallory.email)
    offer = Invitation.objects.get()
    client_of(mallory).post(reverse("teams:accept_offer", args=[offer.pk]))
    if way == "removed":
        client_of(alice).post(url("remove_member", acme, mallory))
    else:
        client_of(mallory).post(url("leave", acme))

    assert adds(alice, acme, mallory.email) == [sending.MAILED.format("…")]
    assert roles(acme.team) == {alice.email: "admin"}


def test_staff_add_anybody(alice: User, mallory: User, acme: Workspace) -> None:
    made_staff(alice)
    answer = client_of(alice).post(
        url("add_member", acme), {"email": "Mallory@Example.com", "role": "operator"}
    )

    assert answer["Location"] == url("detail", acme)
    assert roles(acme.team) == {alice.email: "admin", mallory.email: "operator"}
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
            (
                "Nobody here signs in as nobody@example.com. "
                "Invite them: they then make their own account."
            ),
        ),
        ("otto@example.com", "otto@example.com is a member already. Change the role below."),
        ("not an email", "Enter a valid email address."),
    ],
)
def test_who_cannot_be_added(
    email: str, message: str, alice: User, otto: User, acme: Workspace
) -> None:
    made_staff(alice)
    before = roles(acme.team)

    answer = client_of(alice).post(url("add_member", acme), {"email": email, "role": "viewer"})

    assert answer.status_code == 422
    form = answer.context["add_member"]
    assert form.errors["email"] == [message]
    assert form["email"].value() == email
    assert roles(acme.team) == before
    assert Event.objects.count() == 0


def test_someone_switched_off_cannot_be_added(alice: User, mallory: User, acme: Workspace) -> None:
    made_staff(alice)
    User.objects.filter(pk=mallory.pk).update(is_active=False)

    client_of(alice).post(url("add_member", acme), {"email": mallory.email, "role": "viewer"})

    assert roles(acme.team) == {alice.email: "admin"}


def test_changing_a_role(alice: User, otto: User, acme: Workspace) -> None:
    client_of(alice).post(url("change_role", acme, otto), {"role": "admin"})

    assert roles(acme.team)[otto.email] == "admin"
    event = Event.objects.get()
    assert (event.action, event.target_owner) == ("member.role", otto.email)
    assert event.answer == {"before": "operator", "after": "admin"}


def test_a_role_that_stays_leaves_no_trace(alice: User, otto: User, acme: Workspace) -> None:
    client_of(alice).post(url("change_role", acme, otto), {"role": "operator"})

    assert Event.objects.count() == 0


def test_an_unknown_role_is_refused(alice: User, otto: User, acme: Workspace) -> None:
    answer = client_of(alice).post(url("change_role", acme, otto), {"role": "emperor"})

    assert (answer.status_code, answer.context["problem"]) == (422, "Choose one of the roles.")
    assert roles(acme.team)[otto.email] == "operator"


def test_the_last_admin_stays(alice: User, otto: User, acme: Workspace) -> None:
    browser = client_of(alice)

    for answer in (
        browser.post(url("change_role", acme, alice), {"role": "viewer"}),
        browser.post(url("remove_member", acme, alice)),
        browser.post(url("leave", acme)),
    ):
        assert answer.status_code == 409
        assert answer.context["problem"] == (
            "A team keeps at least one admin who can sign in. Make someone else admin first."
        )
    assert roles(acme.team) == {alice.email: "admin", otto.email: "operator"}
    assert Event.objects.count() == 0


@pytest.mark.parametrize("how", ["change_role", "remove_member", "leave"])
def test_an_admin_who_cannot_sign_in_does_not_count(
    how: str, alice: User, otto: User, acme: Workspace
) -> None:
    acme.team.memberships.filter(user=otto).update(role=Role.ADMIN)
    User.objects.filter(pk=otto.pk).update(is_active=False)
    path = url(how, acme) if how == "leave" else url(how, acme, alice)

    answer = client_of(alice).post(path, {"role": "viewer"})

    assert answer.status_code == 409
    assert roles(acme.team) == {alice.email: "admin", otto.email: "admin"}


@pytest.mark.parametrize("persona", ["otto", "vic"])
def test_anybody_leaves(persona: str, alice: User, otto: User, vic: User, acme: Workspace) -> None:
    person = {"otto": otto, "vic": vic}[persona]
    role = roles(acme.team)[person.email]
    key_of(person, acme, name="laptop")

    answer = client_of(person).post(url("leave", acme))

    assert answer["Location"] == "/teams/"
    assert person.email not in roles(acme.team)
    assert trail() == [("acme", "key.remove", "laptop"), ("acme", "member.leave", person.email)]
    event = Event.objects.get(action="member.leave")
    assert (event.person, event.role, event.answer) == (person.email, role, {"role": role})


def test_who_is_no_admin_leaves_also_a_team_that_has_none(
    alice: User, otto: User, acme: Workspace
) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)

    client_of(otto).post(url("leave", acme))

    assert roles(acme.team) == {alice.email: "admin"}


def test_leaving_is_a_post(otto: User, mallory: User, acme: Workspace) -> None:
    assert client_of(otto).get(url("leave", acme)).status_code == 405
    assert client_of(mallory).post(url("leave", acme)).status_code == 404
    assert otto.email in roles(acme.team)


def test_of_two_admins_one_may_go(alice: User, otto: User, acme: Workspace) -> None:
    browser = client_of(alice)
    browser.post(url("change_role", acme, otto), {"role": "admin"})

    answer = browser.post(url("remove_member", acme, alice))

    assert answer["Location"] == "/teams/"
    assert roles(acme.team) == {otto.email: "admin"}


def test_who_is_removed_takes_their_keys_along(alice: User, otto: User, acme: Workspace) -> None:
    own = otto.teams.exclude(pk=acme.team_id).get().workspaces.get()
    key_of(otto, acme, name="laptop", shared=True)
    kept = key_of(otto, own)
    others = key_of(alice, acme, secret="demo-other-key")

    asked = client_of(alice).get(url("remove_member", acme, otto))
    assert (asked.status_code, Key.objects.count()) == (200, 3)
    client_of(alice).post(url("remove_member", acme, otto))

    assert roles(acme.team) == {alice.email: "admin"}
    assert set(Key.objects.all()) == {kept, others}
    assert trail() == [
        (acme.slug, "key.remove", "laptop"),
        (acme.slug, "member.remove", otto.email),
    ]
    assert Event.objects.get(action="key.remove").reason == "Its owner left the team."
    assert client_of(otto).get(acme.get_absolute_url()).status_code == 404


def test_a_change_is_told_in_every_workspace_of_the_team(
    alice: User, otto: User, acme: Workspace
) -> None:
    client_of(alice).post(url("add_workspace", acme), {"name": "Second"})
    client_of(alice).post(url("remove_member", acme, otto))

    assert trail() == [
        ("acme", "workspace.create", "Second"),
        ("second", "workspace.create", "Second"),
        ("acme", "member.remove", otto.email),
        ("second", "member.remove", otto.email),
    ]
    removed = Event.objects.filter(action="member.remove")
    assert removed.values("incident").distinct().count() == 1


def test_renaming(alice: User, acme: Workspace) -> None:
    client_of(alice).post(url("rename", acme), {"name": "Acme Research"})

    assert Team.objects.get(pk=acme.team_id).name == "Acme Research"
    assert Event.objects.get().answer == {"before": "Acme", "after": "Acme Research"}


@pytest.mark.parametrize("name", ["rename", "add_workspace"])
def test_a_name_is_needed(name: str, alice: User, acme: Workspace) -> None:
    answer = client_of(alice).post(url(name, acme), {"name": ""})

    assert answer.status_code == 422
    assert answer.context[name].errors["name"] == ["This field is required."]


def test_a_member_of_another_team_is_not_reached_through_ones_own(
    alice: User, mallory: User, acme: Workspace
) -> None:
    theirs = mallory.memberships.get()

    for name in ("change_role", "remove_member"):
        there = reverse(f"teams:{name}", args=[acme.team_id, theirs.pk])

        assert client_of(alice).post(there, {"role": "viewer"}).status_code == 404
    assert Membership.objects.get(pk=theirs.pk).role == "admin"


@pytest.mark.parametrize("team", [10**9, 10**30])
def test_a_team_that_does_not_exist(team: int, alice: User) -> None:
    assert client_of(alice).get(f"/teams/{team}/").status_code == 404


def test_nobody_comes_here_signed_out(acme: Workspace) -> None:
    here = url("detail", acme)

    assert Client().get(here)["Location"] == f"/accounts/login/?next={here}"


def test_the_ids_of_a_page_are_its_own(alice: User, acme: Workspace) -> None:
    html = client_of(alice).get(url("detail", acme)).content.decode()

    ids = [part.split('"')[0] for part in html.split(' id="')[1:]]
    assert sorted(ids) == sorted(set(ids))
