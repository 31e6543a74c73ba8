from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from tests.accounts.auth.oidc_provider import find_next
from tests.keys.factory import create_key
from tests.personas import add_totp, login_as

PASSWORD = "correct horse battery"
EVIL = {"email": "evil@example.com", "role": "admin"}
SECRET = "never-kept-0123456789"


def confirm(path: str) -> str:
    return f"/accounts/reauthenticate/?{urlencode({'next': path})}"


@pytest.fixture
def browser(alice: User, acme: Workspace) -> Client:
    """Alice's browser. She signed in an hour ago."""
    alice.set_password(PASSWORD)
    alice.save()
    browser = login_as(alice)
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 3600}]
    session.save()
    return browser


def test_adding_a_key_requires_reauthentication(browser: Client) -> None:
    url = browser.get("/keys/add/?workspace=acme")["Location"]
    assert url == "/accounts/reauthenticate/?next=%2Fkeys%2Fadd%2F%3Fworkspace%3Dacme"

    wrong = browser.post(url, {"password": "wrong"})
    assert list(wrong.context["form"].errors) == ["password"]

    right = browser.post(url, {"password": PASSWORD})
    assert right["Location"] == "/keys/add/?workspace=acme"
    assert browser.get(right["Location"]).status_code == 200


def test_the_session_key_changes_and_the_old_one_opens_nothing(browser: Client) -> None:
    before = browser.session.session_key or ""
    browser.post(confirm("/"), {"password": PASSWORD})
    after = browser.session.session_key or ""
    assert before != after
    listed = UserSession.objects.values_list("session_key", flat=True)
    assert (after in listed, before in listed) == (True, False)
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = before
    assert thief.get("/")["Location"].startswith("/accounts/login/")


def test_a_submitted_key_is_not_stored_during_reauthentication(
    browser: Client, acme: Workspace, loops: Any
) -> None:
    form = {"name": "x", "secret": SECRET, "workspace": acme.slug}

    redirect = browser.post("/keys/add/", form, headers={"Referer": "http://testserver/keys/add/"})

    back = find_next(redirect["Location"])
    assert redirect["Location"] == confirm(back)
    assert SECRET not in str(dict(browser.session.items()))
    page = browser.get(redirect["Location"])
    assert [str(each) for each in page.context["messages"]] == [
        "Nothing has changed yet. Confirm your identity, then submit the form again."
    ]
    assert (Key.objects.count(), loops.requests) == (0, [])
    browser.post(redirect["Location"], {"password": PASSWORD})
    kept = browser.get(back).context["form"]
    again = browser.post(kept.action, dict(kept.list_fields()))
    assert (kept.action, kept.back, kept.lacks_secrets) == ("/keys/add/", "/keys/add/", True)
    assert (again.status_code, again.context["form"]["name"].value()) == (422, "x")
    assert again.context["form"].errors["secret"] == ["Enter an API key."]


@pytest.mark.parametrize("page", ["replace", "share", "remove"])
def test_changing_a_key_requires_reauthentication(
    page: str, browser: Client, alice: User, acme: Workspace
) -> None:
    key = create_key(alice, acme)

    redirect = browser.post(reverse(f"keys:{page}", args=[key.uid]), {"shared": "on"})

    assert redirect["Location"].startswith("/accounts/reauthenticate/?next=")
    key.refresh_from_db()
    assert key.shared is False


def test_changing_a_policy_requires_reauthentication(browser: Client, acme: Workspace) -> None:
    path = reverse("teams:policy", args=[acme.team_id])

    redirect = browser.post(
        path, {"password": "x"}, headers={"Referer": "https://evil.example.com/"}
    )

    assert redirect["Location"] == "/accounts/reauthenticate/?next=%2F"


def test_changing_members_requires_reauthentication(
    browser: Client, otto: User, acme: Workspace
) -> None:
    member = otto.memberships.get(team=acme.team)
    forms = {
        reverse("teams:change_role", args=[acme.team_id, member.pk]): {"role": "admin"},
        reverse("teams:remove_member", args=[acme.team_id, member.pk]): {},
        reverse("teams:add_member", args=[acme.team_id]): EVIL,
        reverse("teams:invite", args=[acme.team_id]): EVIL,
        reverse("teams:leave", args=[acme.team_id]): {},
    }

    redirects = [browser.post(path, sent)["Location"] for path, sent in forms.items()]

    assert redirects == [confirm(path) for path in forms]
    assert dict(acme.team.memberships.values_list("user__email", "role")) == {
        "alice@example.com": "admin",
        otto.email: "operator",
    }
    assert acme.team.invitations.count() == 0


def test_staff_changes_require_reauthentication(browser: Client, alice: User, otto: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    add_totp(alice)
    factor = Authenticator.objects.create(user=otto, type="totp", data={})
    account, factors = f"/admin/accounts/user/{otto.pk}", "/admin/mfa/authenticator/"
    new = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    selected = {"action": "delete_selected", "_selected_action": factor.pk, "post": "yes"}
    forms = {
        f"{account}/password/": new,
        f"{account}/change/": {"email": EVIL["email"], "name": "Otto"},
        f"{factors}{factor.pk}/delete/": {"post": "yes"},
        factors: selected,
    }

    opened = {browser.get(path).status_code for path in forms}
    redirects = [browser.post(path, sent)["Location"] for path, sent in forms.items()]

    assert opened == {200}
    kept = [confirm(path) for path in forms][1:]
    assert find_next(redirects[0]).startswith("/accounts/form/")
    assert redirects[1:] == kept
    assert User.objects.get(pk=otto.pk).email == otto.email
    assert User.objects.get(pk=otto.pk).has_usable_password() is False
    assert Authenticator.objects.filter(pk=factor.pk).exists()


def test_reading_requires_no_reauthentication(
    browser: Client, alice: User, otto: User, acme: Workspace
) -> None:
    key, member = create_key(alice, acme), otto.memberships.get(team=acme.team)
    removal = reverse("teams:remove_member", args=[acme.team_id, member.pk])

    for path in ("/keys/", key.get_absolute_url(), acme.get_absolute_url(), removal):
        assert browser.get(path).status_code == 200
