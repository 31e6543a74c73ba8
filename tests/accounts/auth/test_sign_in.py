from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import get_hasher
from django.core.management import call_command
from django.test import Client

from loopsweb.accounts.models import User, Workspace
from tests.personas import login_as

LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"
REFUSED = "The email address and/or password you specified are not correct."


def test_the_form(db: None) -> None:
    html = Client().get(LOGIN).content.decode()

    assert re.findall(r"<label[^>]*>([^<]*)", html) == ["Email", "Password"]
    assert '<button class="button primary" type="submit">Sign in</button>' in html
    assert "Remember" not in html


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@example.com", " ada@example.com "])
def test_signing_in_by_email(email: str, ada: User) -> None:
    browser = Client()

    response = browser.post(LOGIN, {"login": email, "password": PASSWORD})

    assert (response.status_code, response["Location"]) == (302, "/")
    assert browser.session["_auth_user_id"] == str(ada.pk)


def test_sign_in_redirects_to_the_requested_page(ada: User) -> None:
    response = Client().post(
        LOGIN, {"login": ada.email, "password": PASSWORD, "next": "/keys/?page=2"}
    )

    assert response["Location"] == "/keys/?page=2"


@pytest.mark.parametrize("url", ["https://evil.example.com/", "//evil.example.com/"])
def test_sign_in_does_not_redirect_to_other_sites(url: str, ada: User) -> None:
    response = Client().post(LOGIN, {"login": ada.email, "password": PASSWORD, "next": url})

    assert response["Location"] == "/"


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_the_error_does_not_reveal_who_has_an_account(email: str, ada: User) -> None:
    response = Client().post(LOGIN, {"login": email, "password": "wrong"})

    assert response.context["form"].errors == {"__all__": [REFUSED]}
    assert REFUSED in response.content.decode()


@pytest.mark.parametrize("who", ["known", "without a password", "deactivated", "unknown"])
def test_a_wrong_password_costs_the_same_for_everybody(
    who: str, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    if who == "without a password":
        ada.set_unusable_password()
        ada.save()
    User.objects.filter(pk=ada.pk).update(is_active=who != "deactivated")
    email, hashed = "nobody@example.com" if who == "unknown" else ada.email, []
    hasher = type(get_hasher())
    encode = hasher.encode  # verifying encodes too

    def count(*args: Any) -> str:
        hashed.append(1)
        return encode(*args)

    monkeypatch.setattr(hasher, "encode", count)

    response = Client().post(LOGIN, {"login": email, "password": "wrong"})

    assert response.context["form"].errors == {"__all__": [REFUSED]}
    assert sum(hashed) == 1


def test_guessing_locks_the_account(ada: User) -> None:
    browser = Client()
    for _ in range(5):
        browser.post(LOGIN, {"login": ada.email, "password": "wrong"})

    response = browser.post(LOGIN, {"login": ada.email, "password": PASSWORD})

    assert response.context["form"].errors == {
        "__all__": [
            (
                "Too many wrong passwords. Try again in 5 minutes. "
                "Until then, even the correct password is rejected."
            )
        ]
    }


def test_a_deactivated_account_cannot_sign_in(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    browser = Client()

    response = browser.post(LOGIN, {"login": ada.email, "password": PASSWORD}, follow=True)

    assert "_auth_user_id" not in browser.session
    assert "This account is deactivated" in response.content.decode()


def test_signing_out_requires_post(ada: User) -> None:
    browser = login_as(ada)

    browser.get("/accounts/logout/")
    assert "_auth_user_id" in browser.session

    response = browser.post("/accounts/logout/")
    assert response["Location"] == LOGIN
    assert "_auth_user_id" not in browser.session


def test_sign_up_is_closed(db: None) -> None:
    signup = {"email": "eve@example.com", "password1": PASSWORD, "password2": PASSWORD}

    for page in (Client().get("/accounts/signup/"), Client().post("/accounts/signup/", signup)):
        assert "Sign-up is closed" in page.content.decode()
    assert User.objects.count() == 0


@pytest.mark.parametrize("path", ["email/", "confirm-email/", "confirm-email/abc:def/"])
def test_nobody_can_change_their_email(path: str, ada: User) -> None:
    browser = login_as(ada)

    for response in (
        browser.get(f"/accounts/{path}"),
        browser.post(f"/accounts/{path}", {"email": "other@example.com", "action_add": ""}),
    ):
        assert response.status_code == 403
        assert "identifies you in the audit trail" in response.content.decode()
    assert [each.email for each in EmailAddress.objects.all()] == ["ada@example.com"]


def test_a_superuser_is_created_from_the_environment(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "Root@Example.com")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    call_command("createsuperuser", "--noinput", stdout=StringIO())

    root = User.objects.get()
    assert (root.email, root.is_staff, root.is_superuser) == ("root@example.com", True, True)
    assert root.check_password(PASSWORD)
    assert [workspace.slug for workspace in Workspace.objects.all()] == ["root"]
    assert Client().post(LOGIN, {"login": root.email, "password": PASSWORD}).status_code == 302
