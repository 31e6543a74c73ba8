from __future__ import annotations

import pytest
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.cache import cache, caches
from django.test import Client, RequestFactory

from loopsweb.accounts.auth.lockout import LIMIT, compute_lockout_seconds, describe_lockout
from loopsweb.accounts.models import User
from tests.personas import login_as


def store_attempts(tries: list[float], *, per: str) -> None:
    """Attempts at these seconds, newest first, as allauth stores them."""
    request = RequestFactory().post("/")
    [rate] = [each for each in ratelimit.get_rates(**LIMIT) if each.per == per]
    cache.set(ratelimit.get_cache_key(request, rate=rate, key="who", **LIMIT), tries, 600)


@pytest.mark.parametrize(
    ("per", "tries", "left"),
    [
        ("key", [1040.0, 1030.0, 1020.0, 1010.0, 1000.0], 250),
        ("key", [1040.0, 1030.0, 1020.0, 1010.0], 1),
        ("key", [1049.0, 1040.0, 1030.0, 1020.0, 700.0], 1),
        ("ip", [1049.0] * 9 + [1000.0], 10),
    ],
)
def test_lockout_lasts_until_an_attempt_is_allowed(per: str, tries: list[float], left: int) -> None:
    store_attempts(tries, per=per)

    assert compute_lockout_seconds(RequestFactory().post("/"), "who", now=1050.0) == left


@pytest.mark.parametrize(
    ("now", "when"),
    [
        (1050.0, "in 5 minutes"),
        (1200.0, "in 2 minutes"),
        (1255.0, "in 45 seconds"),
        (1299.0, "in 1 second"),
    ],
)
def test_message_says_when_to_try_again(now: float, when: str) -> None:
    store_attempts([1040.0, 1030.0, 1020.0, 1010.0, 1000.0], per="key")

    message = describe_lockout(RequestFactory().post("/"), "who", now=now)

    assert message == (
        f"Too many wrong passwords. Try again {when}. "
        "Until then, even the correct password is rejected."
    )


def test_password_changes_are_limited_too(alice: User) -> None:
    browser = login_as(alice)
    form = {"oldpassword": "x", "password1": "another horse", "password2": "another horse"}
    for _ in range(5):
        browser.post("/accounts/password/change/", form)

    response = browser.post("/accounts/password/change/", form)

    assert response.status_code == 429
    assert "Try again in a minute" in response.content.decode()


def test_other_people_are_not_locked_out(alice: User) -> None:
    for _ in range(6):
        Client().post("/accounts/login/", {"login": alice.email, "password": "wrong"})

    response = Client().post("/accounts/login/", {"login": "bob@example.com", "password": "wrong"})

    assert "The email address and/or password" in response.content.decode()


def test_flooding_the_session_cache_does_not_reset_limits(alice: User) -> None:
    form = {"login": alice.email, "password": "wrong"}
    for _ in range(6):
        Client().post("/accounts/login/", form)

    for number in range(3000):
        caches[settings.SESSION_CACHE_ALIAS].set(f"flood-{number}", 1, 300)

    response = Client().post("/accounts/login/", form)
    assert "Too many wrong passwords." in response.content.decode()
