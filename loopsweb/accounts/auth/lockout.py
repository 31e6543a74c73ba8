"""Too many wrong passwords: until when, in words."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.http import HttpRequest

LIMITS = {"app": "allauth.account", "action": "login_failed"}


def locked_out(request: HttpRequest, who: str, *, now: float) -> str:
    """A sentence for whoever may not try at the moment. now: seconds since the epoch."""
    seconds = round(seconds_left(request, who, now=now))
    minutes = -(-seconds // 60)
    when = f"in {seconds} seconds" if minutes <= 1 else f"in {minutes} minutes"
    return f"Too many wrong passwords. Try again {when}. The right password does not work before."


def seconds_left(request: HttpRequest, who: str, *, now: float) -> float:
    """Until each limit that is used up has room for one more try; at least one second."""
    longest = 1.0
    for rate in ratelimit.get_rates(**LIMITS):
        name = ratelimit.get_cache_key(request, rate=rate, key=who, **LIMITS)
        tries = sorted(at for at in cache.get(name, []) if at > now - rate.duration)
        if len(tries) >= rate.amount:
            longest = max(longest, tries[-rate.amount] + rate.duration - now)
    return longest
