from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import Team, User, Workspace
from loopsweb.audit.models import Event
from tests.personas import login_as


def url(name: str, workspace: Workspace, member: User | None = None) -> str:
    args = [workspace.team_id]
    if member:
        args.append(member.memberships.get(team=workspace.team).pk)
    return reverse(f"teams:{name}", args=args)


def list_roles(team: Team) -> dict[str, str]:
    return dict(team.memberships.values_list("user__email", "role"))


def list_events() -> list[tuple[str, str, str]]:
    events = Event.objects.order_by("pk")
    return [(each.workspace, each.action, each.target_name or each.target_owner) for each in events]


def test_the_list_shows_own_teams(otto: User, acme: Workspace) -> None:
    page = login_as(otto).get("/teams/")

    teams = [(each.team.name, each.role) for each in page.context["memberships"]]
    assert teams == [("Acme", "operator"), ("Otto", "admin")]


def test_creating_a_team(otto: User) -> None:
    response = login_as(otto).post("/teams/new/", {"name": "Research"})

    team = Team.objects.get(name="Research")
    assert response["Location"] == f"/teams/{team.pk}/"
    assert list_roles(team) == {otto.email: "admin"}
    assert [workspace.slug for workspace in team.workspaces.all()] == ["research"]
    assert list_events() == [("research", "workspace.create", "Research")]


def test_a_team_needs_a_name(otto: User) -> None:
    response = login_as(otto).post("/teams/new/", {"name": " "})

    assert response.status_code == 422
    assert response.context["form"].errors["name"] == ["Enter a name."]


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\t", "\x85", "\u2028"])
def test_a_name_is_one_line(sign: str, alice: User, acme: Workspace) -> None:
    browser, form = login_as(alice), {"name": f"Acme{sign}Pay path"}

    responses = [
        browser.post(path, form)
        for path in ("/teams/new/", url("rename", acme), url("add_workspace", acme))
    ]

    assert [each.status_code for each in responses] == [422] * 3
    [error] = responses[0].context["form"].errors["name"]
    assert error.startswith(f"Character 5 (U+{ord(sign[0]):04X}, ")


def test_creating_teams_and_workspaces_is_rate_limited(
    alice: User, otto: User, acme: Workspace
) -> None:
    browser = login_as(alice)
    for number in range(20):
        browser.post("/teams/new/", {"name": f"Team {number}"})
    before = Workspace.objects.count()

    team = browser.post("/teams/new/", {"name": "One more"})
    workspace = browser.post(url("add_workspace", acme), {"name": "One more"})

    errors = ["You can do this 20 times an hour. Try again later."]
    assert (team.status_code, workspace.status_code) == (429, 429)
    assert team.context["form"].errors["name"] == errors
    assert workspace.context["add_workspace"].errors["name"] == errors
    assert Workspace.objects.count() == before
    assert login_as(otto).post("/teams/new/", {"name": "One more"}).status_code == 302


@pytest.mark.parametrize("persona", ["otto", "vic"])
def test_members_see_each_other_and_change_nothing(
    persona: str, otto: User, vic: User, acme: Workspace
) -> None:
    person = {"otto": otto, "vic": vic}[persona]

    page = login_as(person).get(url("detail", acme))

    assert [member.user.email for member, _ in page.context["members"]] == [
        "alice@example.com",
        "otto@example.com",
        "vic@example.com",
    ]
    forms = re.findall(
        r'<form method="post" action="([^"]+)"', page.content.decode().split("<main")[1]
    )
    assert forms == [url("leave", acme)]


def test_changes_are_recorded_in_every_workspace_of_the_team(
    alice: User, otto: User, acme: Workspace
) -> None:
    login_as(alice).post(url("add_workspace", acme), {"name": "Second"})
    login_as(alice).post(url("remove_member", acme, otto))

    assert list_events() == [
        ("acme", "workspace.create", "Second"),
        ("second", "workspace.create", "Second"),
        ("acme", "member.remove", otto.email),
        ("second", "member.remove", otto.email),
    ]
    removed = Event.objects.filter(action="member.remove")
    assert removed.values("incident").distinct().count() == 1


def test_renaming_a_team(alice: User, acme: Workspace) -> None:
    login_as(alice).post(url("rename", acme), {"name": "Acme Research"})

    assert Team.objects.get(pk=acme.team_id).name == "Acme Research"
    assert Event.objects.get().answer == {"before": "Acme", "after": "Acme Research"}


@pytest.mark.parametrize("name", ["rename", "add_workspace"])
def test_renaming_needs_a_name(name: str, alice: User, acme: Workspace) -> None:
    response = login_as(alice).post(url(name, acme), {"name": ""})

    assert response.status_code == 422
    assert response.context[name].errors["name"] == ["Enter a name."]


@pytest.mark.parametrize("team", [10**9, 10**30])
def test_unknown_teams_are_not_found(team: int, alice: User) -> None:
    assert login_as(alice).get(f"/teams/{team}/").status_code == 404


def test_the_page_requires_sign_in(acme: Workspace) -> None:
    path = url("detail", acme)

    assert Client().get(path)["Location"] == f"/accounts/login/?next={path}"


def test_element_ids_are_unique(alice: User, acme: Workspace) -> None:
    html = login_as(alice).get(url("detail", acme)).content.decode()

    ids = [part.split('"')[0] for part in html.split(' id="')[1:]]
    assert sorted(ids) == sorted(set(ids))
