from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client

from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.audit.models import Event
from tests.personas import client_of

LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"
REFUSED = "The email address and/or password you specified are not correct."


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("Ada@Example.com", PASSWORD, name="Ada")


def test_the_form(db: None) -> None:
    html = Client().get(LOGIN).content.decode()

    assert re.findall(r"<label[^>]*>([^<]*)", html) == ["Email", "Password"]
    assert '<button class="button primary" type="submit">Sign in</button>' in html
    assert "Remember" not in html


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@example.com", " ada@example.com "])
def test_signing_in_by_email(email: str, ada: User) -> None:
    browser = Client()

    answer = browser.post(LOGIN, {"login": email, "password": PASSWORD})

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert browser.session["_auth_user_id"] == str(ada.pk)


def test_signing_in_leads_to_where_one_was_going(ada: User) -> None:
    answer = Client().post(
        LOGIN, {"login": ada.email, "password": PASSWORD, "next": "/keys/?page=2"}
    )

    assert answer["Location"] == "/keys/?page=2"


@pytest.mark.parametrize("elsewhere", ["https://evil.example.com/", "//evil.example.com/"])
def test_signing_in_leads_nowhere_else(elsewhere: str, ada: User) -> None:
    answer = Client().post(LOGIN, {"login": ada.email, "password": PASSWORD, "next": elsewhere})

    assert answer["Location"] == "/"


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_a_refusal_does_not_tell_who_has_an_account(email: str, ada: User) -> None:
    answer = Client().post(LOGIN, {"login": email, "password": "wrong"})

    assert answer.context["form"].errors == {"__all__": [REFUSED]}
    assert REFUSED in answer.content.decode()


def test_guessing_is_stopped(ada: User) -> None:
    browser = Client()
    for _ in range(5):
        browser.post(LOGIN, {"login": ada.email, "password": "wrong"})

    answer = browser.post(LOGIN, {"login": ada.email, "password": PASSWORD})

    assert answer.context["form"].errors == {
        "__all__": [
            (
                "Too many wrong passwords. Try again in 5 minutes. "
                "The right password does not work before."
            )
        ]
    }


def test_an_account_switched_off_does_not_sign_in(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    browser = Client()

    answer = browser.post(LOGIN, {"login": ada.email, "password": PASSWORD}, follow=True)

    assert "_auth_user_id" not in browser.session
    assert "This account is switched off" in answer.content.decode()


def test_signing_out_is_posted(ada: User) -> None:
    browser = client_of(ada)

    browser.get("/accounts/logout/")
    assert "_auth_user_id" in browser.session

    answer = browser.post("/accounts/logout/")
    assert answer["Location"] == LOGIN
    assert "_auth_user_id" not in browser.session


def test_nobody_registers_themselves(db: None) -> None:
    signup = {"email": "eve@example.com", "password1": PASSWORD, "password2": PASSWORD}

    for page in (Client().get("/accounts/signup/"), Client().post("/accounts/signup/", signup)):
        assert "Nobody registers here themselves" in page.content.decode()
    assert User.objects.count() == 0


@pytest.mark.parametrize("path", ["email/", "confirm-email/", "confirm-email/abc:def/"])
def test_nobody_changes_the_email_they_are_known_by(path: str, ada: User) -> None:
    browser = client_of(ada)

    for answer in (
        browser.get(f"/accounts/{path}"),
        browser.post(f"/accounts/{path}", {"email": "other@example.com", "action_add": ""}),
    ):
        assert answer.status_code == 403
        assert "is your name in the audit" in answer.content.decode()
    assert [each.email for each in EmailAddress.objects.all()] == ["ada@example.com"]


def test_an_email_changed_by_an_admin_is_the_only_one_that_signs_in(ada: User) -> None:
    ada.email = "ada@new.example.com"
    ada.save()

    assert [each.email for each in EmailAddress.objects.all()] == ["ada@new.example.com"]
    old = Client().post(LOGIN, {"login": "ada@example.com", "password": PASSWORD})
    new = Client().post(LOGIN, {"login": "ada@new.example.com", "password": PASSWORD})
    assert (old.status_code, new.status_code) == (200, 302)


def test_changing_the_password(ada: User) -> None:
    browser = client_of(ada)

    wrong = browser.post(
        "/accounts/password/change/",
        {"oldpassword": "wrong", "password1": "another horse", "password2": "another horse"},
    )
    assert list(wrong.context["form"].errors) == ["oldpassword"]

    browser.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another horse", "password2": "another horse"},
    )
    ada.refresh_from_db()
    assert ada.check_password("another horse")


def test_resetting_the_password(ada: User) -> None:
    browser = Client()

    sent = browser.post("/accounts/password/reset/", {"email": ada.email}, follow=True)
    assert "Look at your mail" in sent.content.decode()
    [message] = mail.outbox
    assert message.to == [ada.email]
    [link] = re.findall(r"http://testserver(/accounts/password/reset/key/\S+)", str(message.body))

    form = browser.get(link, follow=True)
    here = form.redirect_chain[-1][0]
    assert "Set a new password" in form.content.decode()
    browser.post(here, {"password1": "another horse", "password2": "another horse"})

    ada.refresh_from_db()
    assert ada.check_password("another horse")
    assert "This link does not work" in Client().get(link, follow=True).content.decode()


def test_resetting_does_not_tell_who_has_an_account(ada: User) -> None:
    sent = Client().post("/accounts/password/reset/", {"email": "eve@example.com"}, follow=True)

    assert "Look at your mail" in sent.content.decode()
    assert [message.to for message in mail.outbox if ada.email in message.to] == []


def test_a_superuser_is_made_from_the_environment(
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


def test_what_is_logged(ada: User, caplog: pytest.LogCaptureFixture) -> None:
    browser = Client()

    with caplog.at_level("INFO", "loopsweb.accounts"):
        for typed, password in (
            (ada.email, "wrong horse"),
            (PASSWORD, PASSWORD),
            (ada.email, PASSWORD),
        ):
            browser.post(LOGIN, {"login": typed, "password": password})
        browser.post("/accounts/logout/")

    said: list[Any] = [each.msg for each in caplog.records if "sign_in" in each.name]
    assert [(each["event"], each["email"]) for each in said] == [
        ("sign_in_refused", "ada@example.com"),
        ("signed_in", "ada@example.com"),
        ("signed_out", "ada@example.com"),
    ]
    assert {each["address"] for each in said} == {"127.0.0.1"}
    assert "horse" not in caplog.text


def test_a_sign_in_is_told_in_every_workspace_of_the_person(ada: User, acme: Workspace) -> None:
    Membership.objects.create(team=acme.team, user=ada, role=Role.OPERATOR)

    Client().post(LOGIN, {"login": "ADA@example.com", "password": PASSWORD})

    told = Event.objects.order_by("workspace")
    assert [(each.workspace, each.action, each.outcome, each.role) for each in told] == [
        ("acme", "person.sign_in", "succeeded", "operator"),
        ("ada", "person.sign_in", "succeeded", "admin"),
    ]
    assert {(each.person, each.target_owner, each.address) for each in told} == {
        (ada.email, ada.email, "127.0.0.1")
    }
    assert len({each.incident for each in told}) == 1


def test_a_wrong_password_is_told_and_is_not_in_what_is_told(ada: User) -> None:
    browser = Client()

    browser.post(LOGIN, {"login": ada.email, "password": "wrong horse"})
    browser.post(LOGIN, {"login": "nobody@example.com", "password": "wrong horse"})

    event = Event.objects.get()
    assert (event.action, event.outcome, event.target_owner) == (
        "person.sign_in",
        "refused",
        ada.email,
    )
    assert event.reason == "Somebody gave this email and a wrong password."
    assert "horse" not in str(vars(event))


def test_who_cannot_be_recorded_does_not_come_in(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(Event, "save", full)
    browser = Client(raise_request_exception=False)

    answer = browser.post(LOGIN, {"login": ada.email, "password": PASSWORD})

    assert answer.status_code == 503
    assert browser.get("/keys/")["Location"] == f"{LOGIN}?next=/keys/"
