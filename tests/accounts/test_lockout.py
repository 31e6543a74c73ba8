from __future__ import annotations

import pytest
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.cache import cache, caches
from django.test import Client, RequestFactory

from loopsweb.accounts.auth.lockout import LIMITS, locked_out, seconds_left
from loopsweb.accounts.models import User
from tests.personas import client_of


def remembered(tries: list[float], *, per: str) -> None:
    """Tries at these seconds, newest first, as allauth keeps them."""
    request = RequestFactory().post("/")
    [rate] = [each for each in ratelimit.get_rates(**LIMITS) if each.per == per]
    cache.set(ratelimit.get_cache_key(request, rate=rate, key="who", **LIMITS), tries, 600)


@pytest.mark.parametrize(
    ("per", "tries", "left"),
    [
        ("key", [1040.0, 1030.0, 1020.0, 1010.0, 1000.0], 250),
        ("key", [1040.0, 1030.0, 1020.0, 1010.0], 1),
        ("key", [1049.0, 1040.0, 1030.0, 1020.0, 700.0], 1),
        ("ip", [1049.0] * 9 + [1000.0], 10),
    ],
)
def test_until_when(per: str, tries: list[float], left: int) -> None:
    remembered(tries, per=per)

    assert seconds_left(RequestFactory().post("/"), "who", now=1050.0) == left


@pytest.mark.parametrize(
    ("now", "when"), [(1050.0, "in 5 minutes"), (1255.0, "in 45 seconds"), (1200.0, "in 2 minutes")]
)
def test_in_words(now: float, when: str) -> None:
    remembered([1040.0, 1030.0, 1020.0, 1010.0, 1000.0], per="key")

    said = locked_out(RequestFactory().post("/"), "who", now=now)

    assert said == (
        f"Too many wrong passwords. Try again {when}. The right password does not work before."
    )


def test_too_many_of_anything_else(alice: User) -> None:
    browser = client_of(alice)
    given = {"oldpassword": "x", "password1": "another horse", "password2": "another horse"}
    for _ in range(5):
        browser.post("/accounts/password/change/", given)

    answer = browser.post("/accounts/password/change/", given)

    assert answer.status_code == 429
    assert "Try again in a minute" in answer.content.decode()


def test_others_are_not_locked_out(alice: User) -> None:
    for _ in range(6):
        Client().post("/accounts/login/", {"login": alice.email, "password": "wrong"})

    answer = Client().post("/accounts/login/", {"login": "bob@example.com", "password": "wrong"})

    assert "The email address and/or password" in answer.content.decode()


def test_what_floods_sessions_leaves_the_limits(alice: User) -> None:
    given = {"login": alice.email, "password": "wrong"}
    for _ in range(6):
        Client().post("/accounts/login/", given)

    for number in range(3000):
        caches[settings.SESSION_CACHE_ALIAS].set(f"flood-{number}", 1, 300)

    answer = Client().post("/accounts/login/", given)
    assert "Too many wrong passwords." in answer.content.decode()
