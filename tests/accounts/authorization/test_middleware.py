from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from loopsweb.accounts.models import User
from loopsweb.addresses import UNKNOWN_CLIENT
from loopsweb.audit.models import Event
from tests.personas import login_as

HERE, PASSWORD = "/accounts/sessions/", "correct horse battery"


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada@example.com", PASSWORD)


def sign_in(agent: str, *, address: str = "127.0.0.1") -> Client:
    browser = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    browser.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})
    return browser


def test_last_seen_is_saved_once_a_minute_and_not_by_live_polls(ada: User) -> None:
    browser = sign_in("Firefox")
    browser.get("/keys/")
    long_ago = timezone.now() - timedelta(hours=1)
    UserSession.objects.update(last_seen_at=long_ago)

    browser.get("/keys/")
    assert UserSession.objects.get().last_seen_at == long_ago
    cache.clear()
    browser.get("/keys/?v=1", headers={"HX-Request": "true"})
    assert UserSession.objects.get().last_seen_at == long_ago
    browser.get("/keys/")
    assert timezone.now() - UserSession.objects.get().last_seen_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.9", "127.0.0.1"),
        (1, "198.51.100.9", "198.51.100.9"),
        (1, "6.6.6.6, 198.51.100.9", "198.51.100.9"),
        (2, "6.6.6.6, 198.51.100.9, 10.0.0.1", "198.51.100.9"),
        (2, "198.51.100.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, "198.51.100.9:5678", "198.51.100.9"),
        (2, "[2001:DB8::1]:443, 10.0.0.1:80", "2001:db8::1"),
        (1, "::ffff:198.51.100.9", "198.51.100.9"),
        (1, "6.6.6.6, unknown", ""),
        (1, "198.51.100.9,", ""),
        (1, "<script>", ""),
    ],
)
def test_the_client_address_is_read_behind_the_trusted_proxies(
    proxies: int, forwarded: str, address: str, ada: User, settings: Settings
) -> None:
    settings.PROXIES = proxies

    Client(headers={"X-Forwarded-For": forwarded}).post(
        "/accounts/login/", {"login": ada.email, "password": PASSWORD}
    )

    stored = UserSession.objects.get().ip, Event.objects.get().address
    assert stored == (address or UNKNOWN_CLIENT, address)


def test_a_session_from_an_unknown_address_says_so(ada: User, settings: Settings) -> None:
    settings.PROXIES = 1
    browser = Client(headers={"X-Forwarded-For": "unknown"})
    browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    page = browser.get(HERE).content.decode()
    assert "End the session from an unknown address, this browser" in page
    assert UNKNOWN_CLIENT not in page


def test_nobody_leaves_a_team_in_read_only_mode(alice: User, settings: Settings) -> None:
    settings.LOOPSWEB_READ_ONLY = True

    response = login_as(alice).post(f"/teams/{alice.teams.get().pk}/departure/")

    assert response.status_code == 403
    assert "This loopsweb is read-only" in response.content.decode()
