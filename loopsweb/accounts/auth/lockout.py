"""Tells people how long sign-in stays locked after too many wrong passwords."""

from __future__ import annotations

# allauth's public `core.ratelimit` does not say when a limit has room again.
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.http import HttpRequest

LIMIT = {"app": "allauth.account", "action": "login_failed"}


def describe_lockout(request: HttpRequest, key: str, *, now: float) -> str:
    """The error shown while sign-in is locked. now: seconds since the epoch."""
    seconds = round(compute_lockout_seconds(request, key, now=now))
    minutes = -(-seconds // 60)
    if minutes > 1:
        wait = f"{minutes} minutes"
    else:
        wait = "1 second" if seconds == 1 else f"{seconds} seconds"
    return (
        f"Too many wrong passwords. Try again in {wait}. "
        "Until then, even the correct password is rejected."
    )


def compute_lockout_seconds(request: HttpRequest, key: str, *, now: float) -> float:
    """Seconds until every exhausted limit allows another attempt; at least one."""
    longest = 1.0
    for rate in ratelimit.get_rates(**LIMIT):
        name = ratelimit.get_cache_key(request, rate=rate, key=key, **LIMIT)
        attempts = sorted(at for at in cache.get(name, []) if at > now - rate.duration)
        if len(attempts) >= rate.amount:
            longest = max(longest, attempts[-rate.amount] + rate.duration - now)
    return longest
