"""How often one person, token or address may do what costs somebody else: mail, names, work for
the database."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.http import HttpRequest

RATES = {
    "invite": "30/h/user",
    "found": "20/h/user",
    "try_key": "20/m/user",
    "verify": "10/m/user",
    "export": "10/m/user",
    "head": "10/m/user",
    "denied": "60/m/key",
    "api_read": "120/m/key",
    "api_act": "20/m/key",
    "api_refused": "30/m/ip",
}
WAIT = {"h": "an hour", "m": "a minute"}


class TooOften(Exception):
    """The message says how long to wait."""

    def __init__(self, action: str) -> None:
        amount, per, _ = RATES[action].split("/")
        wait = WAIT[per]
        super().__init__(f"This can be done {amount} times in {wait}. Wait {wait}, then try again.")


def within(request: HttpRequest, action: str, *, key: str = "") -> bool:
    """Counts it, of that key where the rate is of one."""
    used = ratelimit.consume(
        request, app="loopsweb.accounts", action=action, config=RATES, key=key, limit_get=True
    )
    return used is not None


def take(request: HttpRequest, action: str) -> None:
    """As `within`. Raises TooOften."""
    if not within(request, action):
        raise TooOften(action)
