from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from tests.accounts.auth.oidc_provider import EVE, LOGIN, Provider, ask_provider, sign_in
from tests.personas import login_as

KEYS = "/keys/add/"
MEMBER = EVE | {"groups": ["ml"]}
PASSWORD = "correct horse battery"


def sign_in_eve(provider: Provider, settings: Settings) -> Client:
    """Her browser, after the provider signed her in without asking."""
    settings.OIDC_ISSUER = provider.issuer
    return sign_in(provider, MEMBER).client  # type: ignore[no-any-return]


def is_reauthentication_required(browser: Client) -> bool:
    return browser.get(KEYS).status_code == 302


@pytest.mark.parametrize("path", [f"{KEYS}?workspace=acme", "/accounts/2fa/totp/activate/"])
def test_only_a_requested_sign_in_counts_as_reauthentication(
    path: str, provider: Provider, acme: Workspace, settings: Settings
) -> None:
    browser = sign_in_eve(provider, settings)

    redirect = browser.get(path)

    query = ask_provider(browser, redirect["Location"])
    assert (query["prompt"], query["max_age"]) == (["login"], ["0"])
    assert sign_in(provider, MEMBER, browser, at=redirect["Location"])["Location"] == path
    assert browser.get(path).status_code == 200


def test_a_later_silent_sign_in_ends_the_reauthentication(
    provider: Provider, acme: Workspace, settings: Settings
) -> None:
    browser = sign_in_eve(provider, settings)
    sign_in(provider, MEMBER, browser, at=browser.get(KEYS)["Location"])
    assert is_reauthentication_required(browser) is False

    sign_in(provider, MEMBER, browser)

    assert is_reauthentication_required(browser) is True


def test_an_unanswered_request_does_not_count(
    provider: Provider, acme: Workspace, settings: Settings
) -> None:
    browser = sign_in_eve(provider, settings)
    browser.post(browser.get(KEYS)["Location"])

    sign_in(provider, MEMBER, browser)

    assert is_reauthentication_required(browser) is True


@pytest.mark.parametrize(
    ("seconds_ago", "redirect"), [(5, False), (899 - 60, False), (901, True), (10**6, True)]
)
def test_auth_time_of_the_provider_counts(
    seconds_ago: int, redirect: bool, provider: Provider, acme: Workspace, settings: Settings
) -> None:
    provider.auth_time = int(time.time()) - seconds_ago

    assert is_reauthentication_required(sign_in_eve(provider, settings)) is redirect


def test_auth_time_in_the_future_counts_as_now(
    provider: Provider, acme: Workspace, settings: Settings
) -> None:
    provider.auth_time = int(time.time()) + 10**6

    browser = sign_in_eve(provider, settings)

    assert browser.session["reauthenticated_at"] <= time.time()


@pytest.mark.parametrize("auth_time", ["now", [1], {}])
def test_invalid_auth_time_does_not_count(
    auth_time: Any, provider: Provider, acme: Workspace, settings: Settings
) -> None:
    provider.auth_time = auth_time

    assert is_reauthentication_required(sign_in_eve(provider, settings)) is True


def test_auth_time_outside_the_id_token_does_not_count(
    provider: Provider, acme: Workspace, settings: Settings
) -> None:
    settings.OIDC_ISSUER = provider.issuer
    provider.auth_time = 1

    browser = sign_in(provider, MEMBER | {"auth_time": int(time.time())}).client

    assert is_reauthentication_required(browser) is True


def test_old_auth_time_after_a_request_is_refused(
    provider: Provider, acme: Workspace, settings: Settings
) -> None:
    browser = sign_in_eve(provider, settings)
    provider.auth_time = int(time.time()) - 3600

    response = sign_in(provider, MEMBER, browser, at=browser.get(KEYS)["Location"])

    assert response.status_code == 403
    assert "did not ask you to sign in again" in response.content.decode()
    assert browser.get("/keys/").status_code == 200
    assert is_reauthentication_required(browser) is True


def test_people_with_a_password_confirm_with_it(
    provider: Provider, acme: Workspace, alice: User, settings: Settings
) -> None:
    settings.OIDC_ISSUER, settings.OIDC_ROLES = provider.issuer, []
    alice.set_password(PASSWORD)
    alice.save()
    hers = EVE | {"email": alice.email}

    browser = sign_in(provider, hers, login_as(alice)).client

    redirect = browser.get(KEYS)["Location"]
    assert redirect == "/accounts/reauthenticate/?next=%2Fkeys%2Fadd%2F"
    browser.post(redirect, {"password": PASSWORD})
    assert is_reauthentication_required(browser) is False


@pytest.mark.parametrize(
    "params",
    [
        {"redirect_uri": "https://evil.example.com/"},
        {"client_id": "evil", "response_type": "token", "state": "x"},
        {"prompt": "none"},
        {"prompt": "login", "max_age": "0", "client_id": "evil"},
        {},
    ],
)
def test_other_auth_params_are_refused(
    params: dict[str, str], provider: Provider, db: None
) -> None:
    response = Client().get(LOGIN, {"auth_params": urlencode(params)})

    assert response.status_code == 400


def test_setting_a_first_password_requires_reauthentication(
    provider: Provider, acme: Workspace, settings: Settings
) -> None:
    browser = sign_in_eve(provider, settings)
    new = {"password1": PASSWORD, "password2": PASSWORD}
    eve = User.objects.get(email="eve@example.com")

    redirect = browser.post("/accounts/password/set/", new)

    assert redirect["Location"].startswith(f"{LOGIN}?next=%2F&auth_params=")
    eve.refresh_from_db()
    assert eve.has_usable_password() is False
    sign_in(provider, MEMBER, browser, at=redirect["Location"])
    browser.post("/accounts/password/set/", new)
    eve.refresh_from_db()
    assert eve.check_password(PASSWORD) is True


def test_setting_a_first_password_requires_sign_in(
    provider: Provider, db: None, settings: Settings
) -> None:
    settings.OIDC_ISSUER = provider.issuer

    response = Client().get("/accounts/password/set/")

    assert response["Location"] == "/accounts/login/?next=/accounts/password/set/"
