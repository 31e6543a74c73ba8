"""Guessing passwords and codes inside a session."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.core.internal import ratelimit
from django.conf import settings
from django.test import Client, RequestFactory

from loopsweb.accounts.auth.guesses import PACE
from loopsweb.accounts.models import User
from loopsweb.accounts.rate_limits import clear_rate_limit
from loopsweb.audit.models import Event
from tests.personas import add_totp

PASSWORD, NEW = "correct horse battery", "another horse battery"
CHANGE = {"password1": NEW, "password2": NEW}
FORMS = {
    "/accounts/reauthenticate/": ({"password": "wrong"}, "password"),
    "/accounts/password/change/": ({"oldpassword": "wrong", **CHANGE}, "password"),
    "/accounts/2fa/reauthenticate/": ({"code": "000000"}, "two-factor code"),
}


@pytest.fixture
def browser(ada: User) -> Client:
    browser = Client()
    browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    add_totp(ada)
    return browser


def list_refusals() -> list[tuple[str, str, str]]:
    events = Event.objects.filter(outcome="refused").order_by("pk")
    return [(each.action, each.person, each.reason) for each in events]


def guess(browser: Client, path: str, *, times: int) -> Any:
    """Guess, waiting between the guesses as long as it takes."""
    for _ in range(times):
        session = browser.session.session_key or ""
        clear_rate_limit(RequestFactory().post("/"), PACE, key=session)
        response = browser.post(path, FORMS[path][0])
    return response


@pytest.mark.parametrize("path", FORMS)
def test_each_is_recorded_and_the_fifth_ends_the_session(
    path: str, browser: Client, ada: User
) -> None:
    session = browser.session.session_key or ""

    ended = guess(browser, path, times=5)

    what = FORMS[path][1]
    wrong = f"A wrong {what} was entered in a session of this person."
    assert list_refusals() == [("person.confirm", ada.email, wrong)] * 5
    assert ended["Location"] == "/accounts/login/"
    assert browser.get("/keys/")["Location"] == "/accounts/login/?next=/keys/"
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = session
    assert thief.get("/keys/").status_code == 302
    event = Event.objects.get(action="session.end")
    assert event.reason == "Too many wrong passwords or codes were entered in it."
    page = browser.get("/accounts/login/").content.decode()
    assert "This session was ended. Sign in again." in page


def test_patience_brings_no_more_guesses(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    started = time.time()
    for hour in range(5):
        with monkeypatch.context() as later:
            later.setattr(ratelimit.time, "time", lambda hours=hour: started + hours * 3600)
            browser.post("/accounts/reauthenticate/", {"password": "wrong"})

    assert browser.get("/keys/")["Location"] == "/accounts/login/?next=/keys/"


@pytest.mark.parametrize("path", FORMS)
def test_quick_guesses_have_to_wait(path: str, browser: Client) -> None:
    for _ in range(3):
        browser.post(path, FORMS[path][0])

    right = {"password": PASSWORD, "oldpassword": PASSWORD, **CHANGE}
    response = browser.post(path, {**FORMS[path][0], **right})

    assert "Wait half a minute before you try again." in response.content.decode()
    assert len(list_refusals()) == 3


def test_guesses_in_a_session_keep_nobody_else_out(browser: Client, ada: User) -> None:
    guess(browser, "/accounts/reauthenticate/", times=5)
    other = Client()

    other.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})

    assert other.get("/accounts/2fa/authenticate/").status_code == 200


def test_a_right_password_starts_the_count_again(browser: Client) -> None:
    path = "/accounts/reauthenticate/"
    for _ in range(3):
        guess(browser, path, times=2)
        assert browser.post(path, {"password": PASSWORD}).status_code == 302
    assert browser.get("/keys/").status_code == 200


def test_wrong_passwords_at_sign_in_do_not_flood_the_trail(ada: User) -> None:
    for number in range(30):
        form = {"login": ada.email, "password": "wrong"}
        Client().post("/accounts/login/", form, REMOTE_ADDR=f"192.0.2.{number}")

    reasons = [reason for _, _, reason in list_refusals()]
    wrong = "Somebody tried to sign in with a wrong password."
    assert reasons == [wrong] * 19 + [f"{wrong} Further ones are only logged for now."]
