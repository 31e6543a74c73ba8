from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import Membership, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from tests.keys.factory import key_of
from tests.personas import client_of


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


def test_a_second_factor_can_be_taken_away_but_not_read(root: User, otto: User) -> None:
    factor = Authenticator.objects.create(user=otto, type="totp", data={"secret": "v1:sealed"})
    browser = client_of(root)
    here = f"/admin/mfa/authenticator/{factor.pk}"

    assert "sealed" not in browser.get(f"{here}/change/").content.decode()
    assert browser.get("/admin/mfa/authenticator/add/").status_code == 403
    browser.post(f"{here}/delete/", {"post": "yes"})
    assert Authenticator.objects.count() == 0


def test_what_is_not_for_staff_is_not_there(db: None) -> None:
    registered = {model._meta.label for model in admin.site._registry}

    assert "account.EmailAddress" not in registered
    assert Membership._meta.label not in registered
