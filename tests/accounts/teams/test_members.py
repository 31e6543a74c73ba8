from __future__ import annotations

import pytest
from django.urls import reverse

from loopsweb.accounts.models import Membership, Role, Team, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from tests.keys.factory import create_key
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


def test_changing_a_role(alice: User, otto: User, acme: Workspace) -> None:
    login_as(alice).post(url("change_role", acme, otto), {"role": "admin"})

    assert list_roles(acme.team)[otto.email] == "admin"
    event = Event.objects.get()
    assert (event.action, event.target_owner) == ("member.role", otto.email)
    assert event.answer == {"before": "operator", "after": "admin"}


def test_an_unchanged_role_is_not_recorded(alice: User, otto: User, acme: Workspace) -> None:
    login_as(alice).post(url("change_role", acme, otto), {"role": "operator"})

    assert Event.objects.count() == 0


def test_an_unknown_role_is_refused(alice: User, otto: User, acme: Workspace) -> None:
    response = login_as(alice).post(url("change_role", acme, otto), {"role": "emperor"})

    assert (response.status_code, response.context["problem"]) == (422, "Choose one of the roles.")
    assert list_roles(acme.team)[otto.email] == "operator"


def test_the_last_admin_stays(alice: User, otto: User, acme: Workspace) -> None:
    browser = login_as(alice)

    for response in (
        browser.post(url("change_role", acme, alice), {"role": "viewer"}),
        browser.post(url("remove_member", acme, alice)),
        browser.post(url("leave", acme)),
    ):
        assert response.status_code == 409
        assert response.context["problem"] == (
            "A team needs at least one admin who can sign in. Make someone else an admin first."
        )
    assert list_roles(acme.team) == {alice.email: "admin", otto.email: "operator"}
    assert Event.objects.count() == 0


@pytest.mark.parametrize("how", ["change_role", "remove_member", "leave"])
def test_a_deactivated_admin_does_not_count(
    how: str, alice: User, otto: User, acme: Workspace
) -> None:
    acme.team.memberships.filter(user=otto).update(role=Role.ADMIN)
    User.objects.filter(pk=otto.pk).update(is_active=False)
    path = url(how, acme) if how == "leave" else url(how, acme, alice)

    response = login_as(alice).post(path, {"role": "viewer"})

    assert response.status_code == 409
    assert list_roles(acme.team) == {alice.email: "admin", otto.email: "admin"}


@pytest.mark.parametrize("persona", ["otto", "vic"])
def test_any_member_can_leave(
    persona: str, alice: User, otto: User, vic: User, acme: Workspace
) -> None:
    person = {"otto": otto, "vic": vic}[persona]
    role = list_roles(acme.team)[person.email]
    create_key(person, acme, name="laptop")

    response = login_as(person).post(url("leave", acme))

    assert response["Location"] == "/teams/"
    assert person.email not in list_roles(acme.team)
    assert list_events() == [
        ("acme", "key.remove", "laptop"),
        ("acme", "member.leave", person.email),
    ]
    event = Event.objects.get(action="member.leave")
    assert (event.person, event.role, event.answer) == (person.email, role, {"role": role})


def test_members_can_leave_a_team_without_active_admin(
    alice: User, otto: User, acme: Workspace
) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)

    login_as(otto).post(url("leave", acme))

    assert list_roles(acme.team) == {alice.email: "admin"}


def test_leaving_requires_post_and_membership(otto: User, mallory: User, acme: Workspace) -> None:
    assert login_as(otto).get(url("leave", acme))["Location"] == f"/teams/{acme.team_id}/"
    assert login_as(mallory).post(url("leave", acme)).status_code == 404
    assert otto.email in list_roles(acme.team)


def test_one_of_two_admins_can_leave(alice: User, otto: User, acme: Workspace) -> None:
    browser = login_as(alice)
    browser.post(url("change_role", acme, otto), {"role": "admin"})

    response = browser.post(url("remove_member", acme, alice))

    assert response["Location"] == "/teams/"
    assert list_roles(acme.team) == {otto.email: "admin"}


def test_removing_a_member_deletes_their_keys(alice: User, otto: User, acme: Workspace) -> None:
    own = otto.teams.exclude(pk=acme.team_id).get().workspaces.get()
    create_key(otto, acme, name="laptop", shared=True)
    kept = create_key(otto, own)
    others = create_key(alice, acme, secret="demo-other-key")

    page = login_as(alice).get(url("remove_member", acme, otto))
    assert (page.status_code, Key.objects.count()) == (200, 3)
    login_as(alice).post(url("remove_member", acme, otto))

    assert list_roles(acme.team) == {alice.email: "admin"}
    assert set(Key.objects.all()) == {kept, others}
    assert list_events() == [
        (acme.slug, "key.remove", "laptop"),
        (acme.slug, "member.remove", otto.email),
    ]
    assert Event.objects.get(action="key.remove").reason == "Its owner left the team."
    assert login_as(otto).get(acme.get_absolute_url()).status_code == 404


def test_members_of_another_team_are_not_found(alice: User, mallory: User, acme: Workspace) -> None:
    theirs = mallory.memberships.get()

    for name in ("change_role", "remove_member"):
        path = reverse(f"teams:{name}", args=[acme.team_id, theirs.pk])

        assert login_as(alice).post(path, {"role": "viewer"}).status_code == 404
    assert Membership.objects.get(pk=theirs.pk).role == "admin"
