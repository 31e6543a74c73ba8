from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import OperationalError
from django.test import Client

from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.audit.models import Event
from tests.accounts.auth.failing_audit import failing_audit

LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"


def test_only_the_current_email_signs_in(ada: User) -> None:
    ada.email = "ada@new.example.com"
    ada.save()

    assert [each.email for each in EmailAddress.objects.all()] == ["ada@new.example.com"]
    old = Client().post(LOGIN, {"login": "ada@example.com", "password": PASSWORD})
    new = Client().post(LOGIN, {"login": "ada@new.example.com", "password": PASSWORD})
    assert (old.status_code, new.status_code) == (200, 302)


def test_sign_ins_are_logged_without_passwords(ada: User, caplog: pytest.LogCaptureFixture) -> None:
    browser = Client()

    with caplog.at_level("INFO", "loopsweb.accounts"):
        for typed, password in (
            (ada.email, "wrong horse"),
            (PASSWORD, PASSWORD),
            (ada.email, PASSWORD),
        ):
            browser.post(LOGIN, {"login": typed, "password": password})
        browser.post("/accounts/logout/")

    logged: list[Any] = [each.msg for each in caplog.records if "sign_in" in each.name]
    assert [(each["event"], each["email"]) for each in logged] == [
        ("sign_in_refused", "ada@example.com"),
        ("signed_in", "ada@example.com"),
        ("signed_out", "ada@example.com"),
    ]
    assert {each["address"] for each in logged} == {"127.0.0.1"}
    assert "horse" not in caplog.text


def test_a_sign_in_is_recorded_in_every_workspace_of_the_person(ada: User, acme: Workspace) -> None:
    Membership.objects.create(team=acme.team, user=ada, role=Role.OPERATOR)

    Client().post(LOGIN, {"login": "ADA@example.com", "password": PASSWORD})

    events = Event.objects.order_by("workspace")
    assert [(each.workspace, each.action, each.outcome, each.role) for each in events] == [
        ("acme", "person.sign_in", "succeeded", "operator"),
        ("ada", "person.sign_in", "succeeded", "admin"),
    ]
    assert {(each.person, each.target_owner, each.address) for each in events} == {
        (ada.email, ada.email, "127.0.0.1")
    }
    assert len({each.incident for each in events}) == 1


def test_a_wrong_password_is_recorded_without_the_password(ada: User) -> None:
    browser = Client()

    browser.post(LOGIN, {"login": ada.email, "password": "wrong horse"})
    browser.post(LOGIN, {"login": "nobody@example.com", "password": "wrong horse"})

    event = Event.objects.get()
    assert (event.action, event.outcome, event.target_owner) == (
        "person.sign_in",
        "refused",
        ada.email,
    )
    assert event.reason == "Somebody tried to sign in with a wrong password."
    assert "horse" not in str(vars(event))


def test_a_sign_in_that_cannot_be_recorded_fails(ada: User) -> None:
    browser = Client(raise_request_exception=False)

    with failing_audit(OperationalError("database or disk is full")):
        response = browser.post(LOGIN, {"login": ada.email, "password": PASSWORD})

    assert response.status_code == 503
    assert browser.get("/keys/")["Location"] == f"{LOGIN}?next=/keys/"


def test_wrong_passwords_from_everywhere_do_not_fill_the_trail(ada: User) -> None:
    form = {"login": ada.email, "password": "wrong horse"}
    for number in range(25):
        Client(REMOTE_ADDR=f"192.0.2.{number}").post(LOGIN, form)
    assert Event.objects.filter(action="person.sign_in").count() == 20
