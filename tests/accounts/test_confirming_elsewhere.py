"""Who signs in by the organisation's service confirms there, and only where it asked them."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from tests.accounts import oidc
from tests.accounts.test_single_sign_on import EVE, LOGIN, service, sign_in
from tests.personas import client_of

__all__ = ["service"]
KEYS = "/keys/add/"
MEMBER = EVE | {"groups": ["ml"]}
PASSWORD = "correct horse battery"


def eves(service: oidc.Service, settings: Settings) -> Client:
    """Her browser; the service knew her, and let her in without a word."""
    settings.OIDC_ISSUER = service.issuer
    return sign_in(service, MEMBER).client  # type: ignore[no-any-return]


def is_asked(browser: Client) -> bool:
    return browser.get(KEYS).status_code == 302


@pytest.mark.parametrize("path", [f"{KEYS}?workspace=acme", "/accounts/2fa/totp/activate/"])
def test_a_silent_sign_in_confirms_nothing_and_being_asked_does(
    path: str, service: oidc.Service, acme: Workspace, settings: Settings
) -> None:
    browser = eves(service, settings)

    asked = browser.get(path)

    there = parse_qs(urlsplit(browser.get(asked["Location"])["Location"]).query)
    assert (there["prompt"], there["max_age"]) == (["login"], ["0"])
    assert sign_in(service, MEMBER, browser, at=asked["Location"])["Location"] == path
    assert browser.get(path).status_code == 200


def test_a_silent_sign_in_after_it_does_not_prolong_it(
    service: oidc.Service, acme: Workspace, settings: Settings
) -> None:
    browser = eves(service, settings)
    sign_in(service, MEMBER, browser, at=browser.get(KEYS)["Location"])
    assert is_asked(browser) is False

    sign_in(service, MEMBER, browser)

    assert is_asked(browser) is True


def test_another_asking_that_stays_open_does_not_count(
    service: oidc.Service, acme: Workspace, settings: Settings
) -> None:
    browser = eves(service, settings)
    browser.get(browser.get(KEYS)["Location"])

    sign_in(service, MEMBER, browser)

    assert is_asked(browser) is True


@pytest.mark.parametrize(
    ("seconds_ago", "asked"), [(5, False), (899 - 60, False), (901, True), (10**6, True)]
)
def test_what_the_service_says_counts(
    seconds_ago: int, asked: bool, service: oidc.Service, acme: Workspace, settings: Settings
) -> None:
    service.auth_time = int(time.time()) - seconds_ago

    assert is_asked(eves(service, settings)) is asked


def test_a_service_that_is_ahead_does_not_confirm_for_longer(
    service: oidc.Service, acme: Workspace, settings: Settings
) -> None:
    service.auth_time = int(time.time()) + 10**6

    browser = eves(service, settings)

    assert browser.session["confirmed_elsewhere_at"] <= time.time()


@pytest.mark.parametrize("said", ["now", [1], {}])
def test_a_time_that_cannot_be_read_is_long_ago(
    said: Any, service: oidc.Service, acme: Workspace, settings: Settings
) -> None:
    service.auth_time = said

    assert is_asked(eves(service, settings)) is True


def test_only_the_signed_token_says_when(
    service: oidc.Service, acme: Workspace, settings: Settings
) -> None:
    settings.OIDC_ISSUER = service.issuer
    service.auth_time = 1

    browser = sign_in(service, MEMBER | {"auth_time": int(time.time())}).client

    assert is_asked(browser) is True


def test_a_service_that_does_not_ask_although_it_was_told_to(
    service: oidc.Service, acme: Workspace, settings: Settings
) -> None:
    browser = eves(service, settings)
    service.auth_time = int(time.time()) - 3600

    answer = sign_in(service, MEMBER, browser, at=browser.get(KEYS)["Location"])

    assert answer.status_code == 403
    assert "did not ask you again who you are" in answer.content.decode()
    assert browser.get("/keys/").status_code == 200
    assert is_asked(browser) is True


def test_who_has_a_password_confirms_with_it(
    service: oidc.Service, acme: Workspace, alice: User, settings: Settings
) -> None:
    settings.OIDC_ISSUER, settings.OIDC_ROLES = service.issuer, []
    alice.set_password(PASSWORD)
    alice.save()
    hers = EVE | {"email": alice.email}

    browser = sign_in(service, hers, client_of(alice)).client

    asked = browser.get(KEYS)["Location"]
    assert asked == "/accounts/reauthenticate/?next=%2Fkeys%2Fadd%2F"
    browser.post(asked, {"password": PASSWORD})
    assert is_asked(browser) is False


@pytest.mark.parametrize(
    "given",
    [
        {"redirect_uri": "https://evil.example.com/"},
        {"client_id": "evil", "response_type": "token", "state": "x"},
        {"prompt": "none"},
        {"prompt": "login", "max_age": "0", "client_id": "evil"},
        {},
    ],
)
def test_nobody_else_chooses_what_the_service_is_asked(
    given: dict[str, str], service: oidc.Service, db: None
) -> None:
    answer = Client().get(LOGIN, {"auth_params": urlencode(given)})

    assert answer.status_code == 400


def test_a_first_password_is_not_set_unconfirmed(
    service: oidc.Service, acme: Workspace, settings: Settings
) -> None:
    browser = eves(service, settings)
    new = {"password1": PASSWORD, "password2": PASSWORD}
    eve = User.objects.get(email="eve@example.com")

    asked = browser.post("/accounts/password/set/", new)

    assert asked["Location"].startswith(f"{LOGIN}?next=%2F&auth_params=")
    eve.refresh_from_db()
    assert eve.has_usable_password() is False
    sign_in(service, MEMBER, browser, at=asked["Location"])
    browser.post("/accounts/password/set/", new)
    eve.refresh_from_db()
    assert eve.check_password(PASSWORD) is True


def test_who_is_signed_out_sets_none(service: oidc.Service, db: None, settings: Settings) -> None:
    settings.OIDC_ISSUER = service.issuer

    answer = Client().get("/accounts/password/set/")

    assert answer["Location"] == "/accounts/login/?next=/accounts/password/set/"
