"""Rate limits per person, token or address for costly requests: mail, names, database work."""

from __future__ import annotations

# allauth's public `core.ratelimit` counts no GET and knows only allauth's own limits.
from allauth.core.internal import ratelimit
from django.http import HttpRequest

APP = "loopsweb.accounts"
RATES = {
    "invite": "30/h/user",
    "create_team": "20/h/user",
    "try_key": "20/m/user",
    "verify_chain": "10/m/user",
    "export": "10/m/user",
    "download_signed_head": "10/m/user",
    "download_file": "60/m/user",
    "ask_api": "120/m/user",
    "open_file_link": "300/m/key",
    "search_logs": "20/m/user",
    "keep_text": "20/m/ip",
    "start_single_sign_on": "60/m/ip",
    "create_token": "20/h/user",
    "record_denial": "60/m/key",
    "record_refused_sign_in": "20/h/key",
    "mail_reset": "5/h/key",
    "guess": "5/365d/key",  # longer than any session
    "guess_pace": "3/30s/key",
    "api_read": "120/m/key",
    "api_act": "20/m/key",
    "api_refused": "30/m/ip",
}
PERIODS = {"h": "an hour", "m": "a minute"}


class TooManyAttempts(Exception):
    """The message gives the limit."""

    def __init__(self, action: str) -> None:
        amount, unit, _ = RATES[action].split("/")
        period = PERIODS[unit]
        super().__init__(f"You can do this {amount} times {period}. Try again later.")


def consume_rate_limit(request: HttpRequest, action: str, *, key: str = "") -> bool:
    """Count this request and return whether it is within the limit. key: for the "key" rates."""
    usage = ratelimit.consume(
        request, app=APP, action=action, config=RATES, key=key, limit_get=True
    )
    return usage is not None


def is_rate_limit_exhausted(request: HttpRequest, action: str, *, key: str) -> bool:
    """True if the next request would be over the limit. Counts nothing."""
    usage = ratelimit.consume(
        request, app=APP, action=action, config=RATES, key=key, limit_get=True, dry_run=True
    )
    return usage is None


def clear_rate_limit(request: HttpRequest, action: str, *, key: str) -> None:
    ratelimit.clear(request, app=APP, action=action, config=RATES, key=key)


def enforce_rate_limit(request: HttpRequest, action: str) -> None:
    """Count this request. Raises TooManyAttempts over the limit; a view need not handle it."""
    if not consume_rate_limit(request, action):
        raise TooManyAttempts(action)
