from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import Membership, User, Workspace
from loopsweb.audit.models import Event
from tests.personas import create_root, login_as, make_staff

PASSWORD = "correct horse battery"


@pytest.fixture
def root(db: None) -> User:
    return create_root()


@pytest.mark.parametrize("path", ["/admin/", "/admin/keys/key/", "/admin/login/"])
def test_the_admin_uses_the_normal_sign_in(path: str, db: None) -> None:
    answer = Client().get(path, follow=True)

    assert answer.redirect_chain[-1][0].partition("?")[0] == "/accounts/login/"


def test_the_admin_is_for_staff_only(alice: User) -> None:
    assert login_as(alice).get("/admin/", follow=True).status_code == 403


@pytest.mark.parametrize("model", ["user", "team", "workspace"])
def test_people_teams_and_workspaces_are_listed_searched_and_opened(
    model: str, root: User, otto: User, acme: Workspace
) -> None:
    browser = login_as(root)
    path = reverse(f"admin:accounts_{model}_changelist")

    listed = browser.get(path, {"q": "otto" if model == "user" else "acme"})
    thing = {"user": otto, "team": acme.team, "workspace": acme}[model]
    opened = browser.get(reverse(f"admin:accounts_{model}_change", args=[thing.pk]))

    assert [each.pk for each in listed.context["cl"].result_list] == [thing.pk]
    assert opened.status_code == 200


def test_a_person_created_there_has_a_team_and_can_sign_in(root: User) -> None:
    answer = login_as(root).post(
        "/admin/accounts/user/add/",
        {
            "email": "Eve@Example.com",
            "name": "Eve",
            "usable_password": "true",
            "password1": "correct horse battery",
            "password2": "correct horse battery",
            "memberships-TOTAL_FORMS": "0",
            "memberships-INITIAL_FORMS": "0",
        },
    )

    assert answer.status_code == 302
    eve = User.objects.get(email="eve@example.com")
    assert [team.workspaces.get().slug for team in eve.teams.all()] == ["eve"]
    login = {"login": "eve@example.com", "password": "correct horse battery"}
    assert Client().post("/accounts/login/", login)["Location"] == "/"


def test_staff_cannot_make_themselves_superusers(root: User, otto: User) -> None:
    page = login_as(root).get(f"/admin/accounts/user/{otto.pk}/change/")
    assert "is_superuser" in page.context["adminform"].form.fields

    staff = make_staff(otto, "change_user", "view_user")
    page = login_as(staff).get(f"/admin/accounts/user/{otto.pk}/change/")

    fields = page.context["adminform"].form.fields
    assert [name for name in fields if name in {"is_staff", "is_superuser"}] == []


@pytest.mark.parametrize("whose", ["superuser", "staff"])
def test_staff_cannot_take_over_other_staff(
    whose: str, root: User, otto: User, alice: User
) -> None:
    browser = login_as(make_staff(otto, "change_user", "view_user"))
    target = root if whose == "superuser" else make_staff(alice, "view_user")
    before = User.objects.values("email", "password", "is_active").get(pk=target.pk)
    path = f"/admin/accounts/user/{target.pk}/"
    new = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}

    deactivated = browser.post(f"{path}change/", person_form(target, is_active=""))
    password = browser.post(f"{path}password/", new)

    assert (deactivated.status_code, password.status_code) == (403, 403)
    assert User.objects.values("email", "password", "is_active").get(pk=target.pk) == before


def list_events() -> list[tuple[str, str, str, Any]]:
    """Also asserts that root did everything."""
    events = Event.objects.order_by("pk")
    assert {(each.person, each.role) for each in events} == {("root@example.com", "staff")}
    return [(each.workspace, each.action, each.target_owner, each.answer) for each in events]


def person_form(person: User, **changes: str) -> dict[str, str]:
    """As a browser sends it, which omits unchecked boxes."""
    return {
        "email": person.email,
        "name": person.name,
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
        **changes,
    }


def test_deactivating_somebody_is_recorded(root: User, otto: User, acme: Workspace) -> None:
    browser = login_as(otto)
    login_as(root).post(f"/admin/accounts/user/{otto.pk}/change/", person_form(otto))

    assert User.objects.get(pk=otto.pk).is_active is False
    assert browser.get("/keys/")["Location"] == "/accounts/login/?next=/keys/"
    answer = {"changed": ["is_active"], "after": {"is_active": False}}
    assert list_events() == [
        (slug, "person.change", otto.email, answer) for slug in ("acme", "otto")
    ]


def test_making_somebody_staff_is_recorded(root: User, otto: User, acme: Workspace) -> None:
    ticked = person_form(otto, is_active="on", is_staff="on")
    login_as(root).post(f"/admin/accounts/user/{otto.pk}/change/", ticked)

    assert User.objects.get(pk=otto.pk).is_staff is True
    answer = {"changed": ["is_staff"], "after": {"is_staff": True}}
    assert list_events() == [
        (slug, "person.change", otto.email, answer) for slug in ("acme", "otto")
    ]


@pytest.mark.parametrize(("again", "traces"), [("correct horse", 2), ("another", 0)])
def test_setting_a_password_is_recorded(again: str, traces: int, root: User, otto: User) -> None:
    login_as(root).post(
        f"/admin/accounts/user/{otto.pk}/password/",
        {"usable_password": "true", "password1": "correct horse", "password2": again},
    )

    assert User.objects.get(pk=otto.pk).check_password("correct horse") is (traces > 0)
    events = Event.objects.filter(action="person.password", target_owner=otto.email)
    assert [each.person for each in events] == [root.email] * traces


def test_roles_cannot_be_changed_there(root: User, otto: User, acme: Workspace) -> None:
    member = otto.memberships.get(team=acme.team)
    row = {
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": str(member.pk),
        "memberships-0-user": str(otto.pk),
        "memberships-0-team": str(acme.team_id),
        "memberships-0-role": "admin",
        "memberships-0-joined_at_0": "2026-11-23",
        "memberships-0-joined_at_1": "21:17:00",
    }
    browser = login_as(root)

    browser.post(f"/admin/accounts/user/{otto.pk}/change/", person_form(otto, **row))
    browser.post(f"/admin/accounts/team/{acme.team_id}/change/", {"name": "Acme", **row})

    assert Membership.objects.get(pk=member.pk).role == "operator"


@pytest.mark.parametrize("verb", ["change", "delete"])
@pytest.mark.parametrize("model", ["team", "workspace"])
def test_teams_and_workspaces_are_read_only(
    verb: str, model: str, root: User, acme: Workspace
) -> None:
    pk = {"team": acme.team_id, "workspace": acme.pk}[model]
    sent = {"name": "Else", "slug": "else", "team": str(acme.team_id), "post": "yes"}
    browser = login_as(root)

    answer = browser.post(f"/admin/accounts/{model}/{pk}/{verb}/", sent)
    chosen = {"action": "delete_selected", "_selected_action": str(pk), "post": "yes"}
    browser.post(f"/admin/accounts/{model}/", chosen)

    assert (answer.status_code, browser.get(f"/admin/accounts/{model}/add/").status_code) == (
        403,
        403,
    )
    assert Workspace.objects.filter(pk=acme.pk, slug="acme", team__name="Acme").exists()


def test_people_cannot_be_deleted(root: User, otto: User) -> None:
    answer = login_as(root).post(f"/admin/accounts/user/{otto.pk}/delete/", {"post": "yes"})

    assert answer.status_code == 403
    assert User.objects.filter(pk=otto.pk).exists()
