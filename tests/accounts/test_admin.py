from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import Membership, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from tests.keys.factory import key_of
from tests.personas import client_of

PASSWORD = "correct horse battery"


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@example.com")


@pytest.mark.parametrize("path", ["/admin/", "/admin/keys/key/", "/admin/login/"])
def test_the_way_in_is_the_usual_sign_in(path: str, db: None) -> None:
    answer = Client().get(path, follow=True)

    assert answer.redirect_chain[-1][0].partition("?")[0] == "/accounts/login/"


def test_it_is_for_staff_alone(alice: User) -> None:
    assert client_of(alice).get("/admin/", follow=True).status_code == 403


@pytest.mark.parametrize("model", ["user", "team", "workspace"])
def test_people_teams_and_workspaces_are_listed_searched_and_opened(
    model: str, root: User, otto: User, acme: Workspace
) -> None:
    browser = client_of(root)
    here = reverse(f"admin:accounts_{model}_changelist")

    found = browser.get(here, {"q": "otto" if model == "user" else "acme"})
    thing = {"user": otto, "team": acme.team, "workspace": acme}[model]
    opened = browser.get(reverse(f"admin:accounts_{model}_change", args=[thing.pk]))

    assert [each.pk for each in found.context["cl"].result_list] == [thing.pk]
    assert opened.status_code == 200


def test_a_person_made_there_has_a_team_and_signs_in(root: User) -> None:
    answer = client_of(root).post(
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


def test_staff_do_not_make_themselves_superusers(root: User, otto: User) -> None:
    page = client_of(root).get(f"/admin/accounts/user/{otto.pk}/change/")
    assert "is_superuser" in page.context["adminform"].form.fields

    User.objects.filter(pk=otto.pk).update(is_staff=True)
    staff = User.objects.get(pk=otto.pk)
    staff.user_permissions.set(Permission.objects.filter(codename__endswith="_user"))
    page = client_of(staff).get(f"/admin/accounts/user/{otto.pk}/change/")

    fields = page.context["adminform"].form.fields
    assert [name for name in fields if name in {"is_staff", "is_superuser"}] == []


def staff_of(person: User) -> User:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    codenames = ["change_user", "view_user", "delete_authenticator", "view_authenticator"]
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=person.pk)


@pytest.mark.parametrize("whose", ["superuser", "staff"])
def test_staff_do_not_become_those_who_may_more(
    whose: str, root: User, otto: User, alice: User
) -> None:
    browser = client_of(staff_of(otto))
    target = root if whose == "superuser" else staff_of(alice)
    before = User.objects.values("email", "password", "is_active").get(pk=target.pk)
    here = f"/admin/accounts/user/{target.pk}/"
    new = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}

    switched_off = browser.post(f"{here}change/", person_form(target, is_active=""))
    password = browser.post(f"{here}password/", new)

    assert (switched_off.status_code, password.status_code) == (403, 403)
    assert User.objects.values("email", "password", "is_active").get(pk=target.pk) == before


@pytest.mark.parametrize("way", ["one", "selected"])
def test_staff_leave_the_second_factor_of_a_superuser(way: str, root: User, otto: User) -> None:
    factor = Authenticator.objects.create(user=root, type="totp", data={})
    here = "/admin/mfa/authenticator/"
    selected = {"action": "delete_selected", "_selected_action": factor.pk, "post": "yes"}
    path, form = (f"{here}{factor.pk}/delete/", {"post": "yes"})

    client_of(staff_of(otto)).post(*((path, form) if way == "one" else (here, selected)))

    assert Authenticator.objects.get() == factor


def test_keys_are_shown_by_fingerprint_alone(root: User, otto: User, acme: Workspace) -> None:
    key = key_of(otto, acme, secret="AbCdEfGh.0123456789abcdef")
    browser = client_of(root)

    listed = browser.get("/admin/keys/key/", {"q": key.fingerprint, "state__exact": "healthy"})
    opened = browser.get(f"/admin/keys/key/{key.pk}/change/")

    assert [each.pk for each in listed.context["cl"].result_list] == [key.pk]
    assert opened.context["adminform"].form.fields == {}
    for page in (listed, opened):
        assert "0123456789" not in page.content.decode()
        assert key.ciphertext not in page.content.decode()
    assert key.fingerprint in opened.content.decode()


def test_keys_are_neither_added_nor_changed_there(root: User, otto: User, acme: Workspace) -> None:
    key = key_of(otto, acme)
    before = Key.objects.values().get()
    browser = client_of(root)

    assert browser.get("/admin/keys/key/add/").status_code == 403
    browser.post(f"/admin/keys/key/{key.pk}/change/", {"name": "x", "ciphertext": "x"})

    assert Key.objects.values().get() == before


@pytest.mark.parametrize("way", ["one", "selected"])
def test_removing_a_key_there_is_recorded(
    way: str, root: User, otto: User, acme: Workspace
) -> None:
    key = key_of(otto, acme)
    if way == "one":
        path, sent = f"/admin/keys/key/{key.pk}/delete/", {"post": "yes"}
    else:
        chosen = {"action": "delete_selected", "_selected_action": str(key.pk)}
        path, sent = "/admin/keys/key/", {**chosen, "post": "yes"}

    client_of(root).post(path, sent)

    assert Key.objects.count() == 0
    event = Event.objects.get()
    assert (event.workspace, event.action) == (acme.slug, "key.remove")
    assert (event.person, event.role) == ("root@example.com", "staff")


def test_a_second_factor_can_be_taken_away_but_not_read(
    root: User, otto: User, acme: Workspace
) -> None:
    factor = Authenticator.objects.create(user=otto, type="totp", data={"secret": "v1:sealed"})
    browser = client_of(root)
    here = f"/admin/mfa/authenticator/{factor.pk}"

    assert "sealed" not in browser.get(f"{here}/change/").content.decode()
    assert browser.get("/admin/mfa/authenticator/add/").status_code == 403
    browser.post(f"{here}/delete/", {"post": "yes"})
    assert Authenticator.objects.count() == 0
    assert told() == [
        (slug, "second_factor.remove", otto.email, {"second_factor": "TOTP Authenticator"})
        for slug in ("acme", "otto")
    ]


def test_an_identity_can_be_taken_away(root: User, otto: User, acme: Workspace) -> None:
    identity = SocialAccount.objects.create(user=otto, provider="oidc", uid="o1")
    browser = client_of(root)
    here = f"/admin/socialaccount/socialaccount/{identity.pk}"

    assert browser.get(f"{here}/change/").context["adminform"].form.fields == {}
    browser.post(f"{here}/delete/", {"post": "yes"})

    assert SocialAccount.objects.count() == 0
    assert told() == [
        (slug, "identity.remove", otto.email, {"identity": "oidc"}) for slug in ("acme", "otto")
    ]


def told() -> list[tuple[str, str, str, Any]]:
    """Everything was done by root."""
    events = Event.objects.order_by("pk")
    assert {(each.person, each.role) for each in events} == {("root@example.com", "staff")}
    return [(each.workspace, each.action, each.target_owner, each.answer) for each in events]


def test_selected_second_factors_leave_a_trace_too(root: User, otto: User) -> None:
    factor = Authenticator.objects.create(user=otto, type="totp", data={"secret": "v1:sealed"})
    chosen = {"action": "delete_selected", "_selected_action": str(factor.pk), "post": "yes"}

    client_of(root).post("/admin/mfa/authenticator/", chosen)

    assert Authenticator.objects.count() == 0
    assert [(slug, action) for slug, action, *_ in told()] == [
        ("acme", "second_factor.remove"),
        ("otto", "second_factor.remove"),
    ]


def person_form(person: User, **given: str) -> dict[str, str]:
    """As the browser sends it; a box that is not ticked is not sent."""
    return {
        "email": person.email,
        "name": person.name,
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
        **given,
    }


def test_switching_somebody_off_leaves_a_trace(root: User, otto: User, acme: Workspace) -> None:
    client_of(root).post(f"/admin/accounts/user/{otto.pk}/change/", person_form(otto))

    assert User.objects.get(pk=otto.pk).is_active is False
    answer = {"changed": ["is_active"], "after": {"is_active": False}}
    assert told() == [(slug, "person.change", otto.email, answer) for slug in ("acme", "otto")]


def test_making_somebody_staff_leaves_a_trace(root: User, otto: User, acme: Workspace) -> None:
    ticked = person_form(otto, is_active="on", is_staff="on")
    client_of(root).post(f"/admin/accounts/user/{otto.pk}/change/", ticked)

    assert User.objects.get(pk=otto.pk).is_staff is True
    answer = {"changed": ["is_staff"], "after": {"is_staff": True}}
    assert told() == [(slug, "person.change", otto.email, answer) for slug in ("acme", "otto")]


@pytest.mark.parametrize(("again", "traces"), [("correct horse", 2), ("another", 0)])
def test_setting_somebodys_password_leaves_a_trace(
    again: str, traces: int, root: User, otto: User
) -> None:
    client_of(root).post(
        f"/admin/accounts/user/{otto.pk}/password/",
        {"usable_password": "true", "password1": "correct horse", "password2": again},
    )

    assert User.objects.get(pk=otto.pk).check_password("correct horse") is (traces > 0)
    events = Event.objects.filter(action="person.password", target_owner=otto.email)
    assert [each.person for each in events] == [root.email] * traces


def test_roles_are_not_changed_there(root: User, otto: User, acme: Workspace) -> None:
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
    browser = client_of(root)

    browser.post(f"/admin/accounts/user/{otto.pk}/change/", person_form(otto, **row))
    browser.post(f"/admin/accounts/team/{acme.team_id}/change/", {"name": "Acme", **row})

    assert Membership.objects.get(pk=member.pk).role == "operator"


@pytest.mark.parametrize("verb", ["change", "delete"])
@pytest.mark.parametrize("model", ["team", "workspace"])
def test_teams_and_workspaces_are_only_shown_there(
    verb: str, model: str, root: User, acme: Workspace
) -> None:
    pk = {"team": acme.team_id, "workspace": acme.pk}[model]
    sent = {"name": "Else", "slug": "else", "team": str(acme.team_id), "post": "yes"}
    browser = client_of(root)

    answer = browser.post(f"/admin/accounts/{model}/{pk}/{verb}/", sent)
    chosen = {"action": "delete_selected", "_selected_action": str(pk), "post": "yes"}
    browser.post(f"/admin/accounts/{model}/", chosen)

    assert (answer.status_code, browser.get(f"/admin/accounts/{model}/add/").status_code) == (
        403,
        403,
    )
    assert Workspace.objects.filter(pk=acme.pk, slug="acme", team__name="Acme").exists()


def test_nobody_is_deleted_there(root: User, otto: User) -> None:
    answer = client_of(root).post(f"/admin/accounts/user/{otto.pk}/delete/", {"post": "yes"})

    assert answer.status_code == 403
    assert User.objects.filter(pk=otto.pk).exists()


def test_what_is_not_for_staff_is_not_there(db: None) -> None:
    registered = {model._meta.label for model in admin.site._registry}

    assert "account.EmailAddress" not in registered
    assert Membership._meta.label not in registered
