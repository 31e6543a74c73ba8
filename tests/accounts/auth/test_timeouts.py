from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from loopsweb.accounts.auth.browser_sessions.timeouts import STARTED_KEY, USED_KEY
from loopsweb.accounts.models import User, Workspace
from tests.personas import login_as

IDLE, LONGEST = settings.SESSION_IDLE_SECONDS, settings.SESSION_COOKIE_AGE
SIGN_IN = "/accounts/login/"
POLL = {"HX-Request": "true", "HX-Target": "live"}
pytestmark = pytest.mark.usefixtures("acme")


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


def let_pass(browser: Client, seconds: float) -> None:
    """As if the session had been used this long ago for the last time."""
    session = browser.session
    for key in (STARTED_KEY, USED_KEY):
        session[key] -= seconds
    session.save()


def is_signed_in(answer: Any) -> bool:
    return bool(answer.status_code == 200)


def test_the_defaults_are_twelve_hours_and_seven_days() -> None:
    assert (IDLE / 3600, LONGEST / 3600) == (12, 168)


@pytest.mark.parametrize(("seconds", "lasts"), [(IDLE - 60, True), (IDLE, False)])
def test_a_session_that_nobody_uses_ends(browser: Client, seconds: float, lasts: bool) -> None:
    let_pass(browser, seconds)

    answer = browser.get("/keys/")

    assert is_signed_in(answer) == lasts
    assert is_signed_in(browser.get("/teams/")) == lasts


def test_every_use_counts_from_then(browser: Client) -> None:
    for _ in range(4):
        let_pass(browser, IDLE - 60)
        assert is_signed_in(browser.get("/keys/"))


def test_a_session_in_use_ends_too(browser: Client) -> None:
    for _ in range(28):
        assert is_signed_in(browser.get("/keys/"))
        let_pass(browser, LONGEST / 28)

    assert not is_signed_in(browser.get("/keys/"))


def test_an_open_page_is_no_use_by_itself(browser: Client, acme: Workspace) -> None:
    runs = f"/w/{acme.slug}/runs/"
    let_pass(browser, IDLE - 60)
    assert browser.get(f"{runs}?v=1", headers=POLL).status_code == 200
    let_pass(browser, 60)

    answer = browser.get(f"{runs}?v=1", headers=POLL)

    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith(SIGN_IN)


def test_filtering_an_open_page_is_a_use(browser: Client, acme: Workspace) -> None:
    runs = f"/w/{acme.slug}/runs/"
    let_pass(browser, IDLE - 60)
    browser.get(f"{runs}?q=a", headers=POLL)
    let_pass(browser, 60)

    assert is_signed_in(browser.get(runs))


def test_the_person_is_told_why(browser: Client) -> None:
    let_pass(browser, IDLE)

    page = browser.get("/keys/", follow=True)

    assert page.redirect_chain == [(f"{SIGN_IN}?next=/keys/", 302)]
    assert "You were away for too long, so you were signed out." in page.content.decode()


def test_the_ended_session_opens_nothing_for_whoever_kept_it(browser: Client) -> None:
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = browser.session.session_key or ""
    let_pass(browser, IDLE)
    browser.get("/keys/")

    assert not is_signed_in(thief.get("/keys/"))


def test_a_session_without_times_is_over(browser: Client) -> None:
    session = browser.session
    del session[USED_KEY]
    session.save()

    assert not is_signed_in(browser.get("/keys/"))


def test_a_use_is_saved_once_in_a_while(browser: Client) -> None:
    before = browser.session[USED_KEY]
    browser.get("/keys/")
    assert browser.session[USED_KEY] == before

    let_pass(browser, IDLE / 60)
    browser.get("/keys/")

    assert time.time() - browser.session[USED_KEY] < 60


@pytest.mark.parametrize("how", ["signing out", "time-out"])
def test_browsers_forget_the_site_when_a_session_ends(browser: Client, how: str) -> None:
    assert "Clear-Site-Data" not in browser.get("/keys/").headers
    if how == "time-out":
        let_pass(browser, IDLE)

    answer = browser.post("/accounts/logout/")

    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in browser.get(SIGN_IN).headers
