from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User
from loopsweb.audit.models import Event

RESET = "/accounts/password/reset/"
NEW = "correct horse battery"


def reset_link(person: User) -> str:
    """As it is mailed."""
    Client().post(RESET, {"email": person.email})
    [path] = re.findall(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    return str(path)


def without_email(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"


def broken(*_: Any, **__: Any) -> None:
    raise DatabaseError


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_without_email_there_is_no_reset_and_no_link_in_the_log(
    email: str, alice: User, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    without_email(settings)

    asked, sent = Client().get(RESET), Client().post(RESET, {"email": email})

    assert (asked.status_code, sent.status_code) == (200, 403)
    for answer in (asked, sent):
        assert "manage.py changepassword" in answer.content.decode()
    assert "/password/reset/key/" not in "".join(capfd.readouterr())


def test_a_link_from_before_sets_no_password_either(alice: User, settings: Settings) -> None:
    link = reset_link(alice)
    without_email(settings)

    browser = Client()
    page = browser.get(link, follow=True)
    browser.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert "manage.py changepassword" in page.content.decode()
    assert not User.objects.get(pk=alice.pk).check_password(NEW)


def test_a_link_sets_a_password(alice: User) -> None:
    browser = Client()
    page = browser.get(reset_link(alice), follow=True)

    browser.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert User.objects.get(pk=alice.pk).check_password(NEW)
    told = Event.objects.values_list("workspace", "action", "person", "target_owner", "answer")
    by_link = {"password": "by a mailed link"}
    assert list(told) == [("alice", "person.password", alice.email, alice.email, by_link)]


def test_a_password_that_is_changed_is_told(alice: User) -> None:
    alice.set_password("an older horse battery")
    alice.save()
    browser = Client()
    browser.post("/accounts/login/", {"login": alice.email, "password": "an older horse battery"})
    sent = {"oldpassword": "an older horse battery", "password1": NEW, "password2": NEW}

    browser.post("/accounts/password/change/", sent)

    assert User.objects.get(pk=alice.pk).check_password(NEW)
    event = Event.objects.get(action="person.password")
    assert (event.person, event.role, event.answer) == (
        alice.email,
        "admin",
        {"password": "changed"},
    )


def test_what_cannot_be_told_is_not_changed(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    link = reset_link(alice)
    browser = Client(raise_request_exception=False)
    page = browser.get(link, follow=True)
    monkeypatch.setattr(Event, "save", broken)

    answer = browser.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert answer.status_code == 500
    assert not User.objects.get(pk=alice.pk).check_password(NEW)
