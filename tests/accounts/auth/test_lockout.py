from __future__ import annotations

from typing import Any

import pytest
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.cache import cache, caches
from django.test import Client, RequestFactory

from loopsweb.accounts.auth.lockout import (
    APP,
    ELSEWHERE,
    RATES,
    compute_lockout_seconds,
    describe_lockout,
)
from loopsweb.accounts.models import User

LOGIN, PASSWORD = "/accounts/login/", "correct horse battery"


def store_attempts(tries: list[float], *, per: str) -> None:
    """Attempts at these seconds, newest first, as allauth stores them."""
    request, limit = RequestFactory().post("/"), {"app": APP, "action": ELSEWHERE}
    rates = ratelimit.get_rates(**limit, config=RATES)
    [rate] = [each for each in rates if each.per == per]
    cache.set(ratelimit.get_cache_key(request, rate=rate, key="who", **limit), tries, 600)


@pytest.mark.parametrize(
    ("per", "tries", "left"),
    [
        ("key", [1040.0, 1030.0, 1020.0, 1010.0, 1000.0], 250),
        ("key", [1040.0, 1030.0, 1020.0, 1010.0], 1),
        ("key", [1049.0, 1040.0, 1030.0, 1020.0, 700.0], 1),
        ("ip", [1049.0] * 59 + [1000.0], 10),
    ],
)
def test_lockout_lasts_until_an_attempt_is_allowed(per: str, tries: list[float], left: int) -> None:
    store_attempts(tries, per=per)

    request = RequestFactory().post("/")
    assert compute_lockout_seconds(request, ELSEWHERE, "who", now=1050.0) == left


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

    message = describe_lockout(RequestFactory().post("/"), ELSEWHERE, "who", now=now)

    assert message == (
        f"Too many wrong passwords. Try again {when}. "
        "Until then, even the correct password is rejected."
    )


def sign_in(browser: Client, email: str, password: str, *, address: str = "192.0.2.1") -> Any:
    form = {"login": email, "password": password}
    return browser.post(LOGIN, form, REMOTE_ADDR=address)


def is_signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_unknown_emails_are_locked_like_known_ones(email: str, ada: User) -> None:
    for _ in range(5):
        sign_in(Client(), email, "wrong")

    assert "Try again in 5 minutes" in sign_in(Client(), email, "wrong").content.decode()


def test_nobody_locks_another_person_out(ada: User) -> None:
    """Not from elsewhere, nor from behind the same address if the person signed in there before."""
    at_home, known = Client(), Client()
    sign_in(known, ada.email, PASSWORD)
    known.post("/accounts/logout/")
    for _ in range(6):
        sign_in(Client(), ada.email, "wrong")

    sign_in(at_home, ada.email, PASSWORD, address="198.51.100.7")
    sign_in(known, ada.email, PASSWORD)

    assert (is_signed_in(at_home), is_signed_in(known)) == (True, True)


def test_a_known_browser_is_locked_by_its_own_attempts(ada: User) -> None:
    known = Client()
    sign_in(known, ada.email, PASSWORD)
    known.post("/accounts/logout/")
    for _ in range(5):
        sign_in(known, ada.email, "wrong")

    response = sign_in(known, ada.email, PASSWORD, address="198.51.100.7")

    assert "Too many wrong passwords." in response.content.decode()


def test_a_browser_is_known_for_the_people_who_signed_in_there(ada: User, mallory: User) -> None:
    mallory.set_password(PASSWORD)
    mallory.save()
    browser = Client()
    sign_in(browser, mallory.email, PASSWORD)
    browser.post("/accounts/logout/")
    name = settings.KNOWN_BROWSER_COOKIE_NAME
    browser.cookies[name] = f"{browser.cookies[name].value}.{ada.pk}"
    for _ in range(5):
        sign_in(Client(), ada.email, "wrong")

    assert "Too many wrong" in sign_in(browser, ada.email, PASSWORD).content.decode()


def test_wrong_passwords_of_others_leave_room_behind_an_address(ada: User) -> None:
    for number in range(20):
        sign_in(Client(), f"nobody{number % 5}@example.com", "wrong")
    browser = Client()

    sign_in(browser, ada.email, PASSWORD)

    assert is_signed_in(browser)


def test_right_passwords_are_not_counted(ada: User) -> None:
    for _ in range(7):
        assert sign_in(Client(), ada.email, PASSWORD).status_code == 302


def test_flooding_the_session_cache_does_not_reset_limits(ada: User) -> None:
    for _ in range(6):
        sign_in(Client(), ada.email, "wrong")

    for number in range(3000):
        caches[settings.SESSION_CACHE_ALIAS].set(f"flood-{number}", 1, 300)

    assert "Too many wrong passwords." in sign_in(Client(), ada.email, "wrong").content.decode()
