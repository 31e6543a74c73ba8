"""Reauthentication at the OpenID Connect provider, and when a sign-in there counts as one.

A provider does not prompt people who are already signed in there, which confirms nothing. Either it
reports when the person last authenticated, or we request a new authentication.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec

from allauth.account.signals import user_logged_in
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import urlencode

from loopsweb.accounts.rate_limits import enforce_rate_limit
from loopsweb.ui.errors import bad_request
from loopsweb.ui.pages import render_page

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

REAUTHENTICATE_PARAMS = urlencode({"prompt": "login", "max_age": "0"})
REQUESTED_KEY = "reauthentication_requested"
AUTHENTICATED_AT_KEY = "reauthenticated_at"
NEVER = 0.0


def requests_reauthentication(request: HttpRequest) -> bool:
    return request.GET.get("auth_params") == REAUTHENTICATE_PARAMS


def restrict_auth_params(view: View[P]) -> View[P]:
    """For the view that redirects to the provider: allauth would pass on any parameter of the
    query string, even another redirect address."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if "auth_params" in request.GET and not requests_reauthentication(request):
            return bad_request(request)
        return view(request, *args, **kwargs)

    return guarded


def was_reauthentication_requested(sociallogin: SocialLogin) -> bool:
    return bool((sociallogin.state or {}).get(REQUESTED_KEY))


def read_oidc_authentication_time(sociallogin: SocialLogin, *, now: float) -> float:
    """Seconds since the epoch; NEVER if nothing proves that the person was present."""
    id_token: dict[str, Any] = sociallogin.account.extra_data.get("id_token", {})
    if "auth_time" not in id_token:
        return now if was_reauthentication_requested(sociallogin) else NEVER
    at = id_token["auth_time"]
    return min(float(at), now) if isinstance(at, int | float) else NEVER


def skipped_reauthentication(sociallogin: SocialLogin, *, now: float) -> bool:
    """True if the provider reports an old authentication although we requested a new one."""
    age = now - read_oidc_authentication_time(sociallogin, now=now)
    too_old = age >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return was_reauthentication_requested(sociallogin) and too_old


def leave_by_page(view: View[P]) -> View[P]:
    """For the view that redirects a submitted form to the provider: the CSP forbids that, so a page
    leads there. Each makes a session, so there is a limit."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method == "POST":
            enforce_rate_limit(request, "start_single_sign_on")
        response = view(request, *args, **kwargs)
        if request.method != "POST" or response.status_code != HTTPStatus.FOUND:
            return response
        return render_page(request, "account/to_provider.html", {"url": response["Location"]})

    return guarded


@receiver(user_logged_in)
def store_authentication_time(
    request: HttpRequest, sociallogin: SocialLogin | None = None, **_: Any
) -> None:
    if sociallogin is not None:
        request.session[AUTHENTICATED_AT_KEY] = read_oidc_authentication_time(
            sociallogin, now=time.time()
        )
