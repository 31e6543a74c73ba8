"""How many wrong passwords sign-in takes, and how long it is then locked.

They are counted for each email together with the address they come from, or the browser in which
this person has signed in before: nobody can lock somebody else out. An address as a whole has room
for everybody behind it.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.account.signals import password_reset

# allauth's public `core.ratelimit` does not say when a limit has room again.
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest

from loopsweb.accounts.auth.known_browsers import find_known_browser
from loopsweb.accounts.models import User

KNOWN_BROWSER, ELSEWHERE = "known_browser", "elsewhere"
APP = "loopsweb.accounts.auth"
RATES = {KNOWN_BROWSER: "5/300s/key", ELSEWHERE: "5/300s/key,60/m/ip"}


def consume_sign_in_limit(request: HttpRequest, email: str) -> ratelimit.RateLimitUsage:
    """Count an attempt; the caller rolls it back if the password was right. Raises
    ValidationError while sign-in is locked."""
    action, key = find_limit(request, email)
    usage = ratelimit.consume(request, app=APP, action=action, config=RATES, key=key)
    if usage is None:
        raise ValidationError(describe_lockout(request, action, key, now=time.time()))
    return usage


@receiver(password_reset)
def clear_sign_in_limit(request: HttpRequest, user: User, **_: Any) -> None:
    action, key = find_limit(request, user.email)
    ratelimit.clear(request, app=APP, action=action, config=RATES, key=key)


def find_limit(request: HttpRequest, email: str) -> tuple[str, str]:
    """(the action, the key) that its attempts are counted under."""
    email = email.lower()
    if browser := find_known_browser(request, email):
        return KNOWN_BROWSER, f"{browser} {email}"
    return ELSEWHERE, f"{ratelimit.get_ip(request)} {email}"


def describe_lockout(request: HttpRequest, action: str, key: str, *, now: float) -> str:
    """The error shown while sign-in is locked. now: seconds since the epoch."""
    seconds = round(compute_lockout_seconds(request, action, key, now=now))
    minutes = -(-seconds // 60)
    if minutes > 1:
        wait = f"{minutes} minutes"
    else:
        wait = "1 second" if seconds == 1 else f"{seconds} seconds"
    return (
        f"Too many wrong passwords. Try again in {wait}. "
        "Until then, even the correct password is rejected."
    )


def compute_lockout_seconds(request: HttpRequest, action: str, key: str, *, now: float) -> float:
    """Seconds until every exhausted limit allows another attempt; at least one."""
    longest = 1.0
    for rate in ratelimit.get_rates(app=APP, action=action, config=RATES):
        name = ratelimit.get_cache_key(request, app=APP, action=action, rate=rate, key=key)
        attempts = sorted(at for at in cache.get(name, []) if at > now - rate.duration)
        if len(attempts) >= rate.amount:
            longest = max(longest, attempts[-rate.amount] + rate.duration - now)
    return longest
