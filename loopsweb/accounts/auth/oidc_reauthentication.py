"""Asking the organisation's sign-in service again, and from when what it answers counts.

A service lets in whoever is signed in there without a word. That confirms nothing: it must say when
the person last proved who they are, or have been asked, by us, to let them prove it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import urlencode

from loopsweb.ui.errors import bad_request

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

AGAIN = urlencode({"prompt": "login", "max_age": "0"})
ASKED_AGAIN = "asked_again"
CONFIRMED_AT = "confirmed_elsewhere_at"
LONG_AGO = 0.0


def asks_again(request: HttpRequest) -> bool:
    return request.GET.get("auth_params") == AGAIN


def only_our_parameters(view: View[P]) -> View[P]:
    """For the view that leads to the service: allauth passes on whatever the query string says,
    also another address to come back to."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if "auth_params" in request.GET and not asks_again(request):
            return bad_request(request)
        return view(request, *args, **kwargs)

    return guarded


def was_asked_again(sociallogin: SocialLogin) -> bool:
    """Whether this sign-in was started by our own asking."""
    return bool((sociallogin.state or {}).get(ASKED_AGAIN))


def counts_from(sociallogin: SocialLogin, *, now: float) -> float:
    """Seconds since the epoch; LONG_AGO where nothing says that the person was there."""
    said: dict[str, Any] = sociallogin.account.extra_data.get("id_token", {})
    if "auth_time" not in said:
        return now if was_asked_again(sociallogin) else LONG_AGO
    at = said["auth_time"]
    return min(float(at), now) if isinstance(at, int | float) else LONG_AGO


def was_not_asked(sociallogin: SocialLogin, *, now: float) -> bool:
    """Whether the service says that it did not do what we asked of it."""
    age = now - counts_from(sociallogin, now=now)
    return was_asked_again(sociallogin) and age >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def note(request: HttpRequest, sociallogin: SocialLogin) -> None:
    request.session[CONFIRMED_AT] = counts_from(sociallogin, now=time.time())
