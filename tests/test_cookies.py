"""The cookies of one loopsweb, and those of another on the same host."""

from __future__ import annotations

import runpy
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User
from tests.personas import login_as
from tests.processes import ROOT

NAMES = tuple(
    f"{name}_COOKIE_NAME" for name in ("SESSION", "CSRF", "MESSAGES", "THEME", "ZONE", "KEYS")
)


def name_cookies(monkeypatch: pytest.MonkeyPatch, **environment: str) -> set[str]:
    for name in ("LOOPSWEB_HTTPS", "LOOPSWEB_DEMO", "LOOPSWEB_COOKIE_PREFIX"):
        monkeypatch.setenv(name, environment.get(name, ""))
    loaded = runpy.run_path(str(ROOT / "loopsweb" / "settings.py"))
    return {loaded[name] for name in NAMES}


def test_no_two_sites_share_a_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    environments: list[dict[str, str]] = [
        {},
        {"LOOPSWEB_DEMO": "1"},
        {"LOOPSWEB_HTTPS": "1"},
        {"LOOPSWEB_COOKIE_PREFIX": "staging_"},
        {"LOOPSWEB_COOKIE_PREFIX": "staging_", "LOOPSWEB_HTTPS": "1"},
    ]
    names = [name_cookies(monkeypatch, **each) for each in environments]

    assert len(set().union(*names)) == len(NAMES) * len(environments)


@pytest.mark.parametrize("prefix", ["", "staging_", "__Host-mine_"])
def test_behind_https_every_cookie_is_of_this_host_alone(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"LOOPSWEB_COOKIE_PREFIX": prefix, "LOOPSWEB_HTTPS": "1"}

    assert {name[:7] for name in name_cookies(monkeypatch, **own)} == {"__Host-"}


@pytest.mark.parametrize("prefix", ["a b", "a;b", "ä", "a=", "a,"])
def test_a_prefix_that_browsers_refuse_is_refused(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImproperlyConfigured, match="LOOPSWEB_COOKIE_PREFIX may have letters"):
        name_cookies(monkeypatch, LOOPSWEB_COOKIE_PREFIX=prefix)


def test_all_cookies_have_the_prefix(alice: User, settings: Settings) -> None:
    browser = Client()
    browser.force_login(alice, backend=settings.AUTHENTICATION_BACKENDS[0])
    browser.get("/accounts/login/")
    browser.post("/keys/add/", {})

    assert {*browser.cookies} >= {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    assert [name for name in browser.cookies if not name.startswith(settings.COOKIE_PREFIX)] == []


def test_another_site_on_this_host_signs_nobody_out(alice: User) -> None:
    """Its cookies arrive here, and ours there."""
    browser = login_as(alice)
    for name in ("sessionid", "loopsweb_demo_sessionid", "loopsweb_demo_csrftoken", "messages"):
        browser.cookies[name] = "of-the-other"

    answers: list[Any] = [browser.get("/keys/"), browser.get("/teams/")]

    assert [each.status_code for each in answers] == [200, 200]
    assert [name for each in answers for name in each.cookies if "demo" in name] == []
