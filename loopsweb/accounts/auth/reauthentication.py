"""Some things are asked of nobody who only found an open browser: keys, who belongs to a team and
what it demands, what staff change of a person.

A sign-in, or a confirmation with password or second factor, counts for ACCOUNT_REAUTHENTICATION_
TIMEOUT seconds. Who has neither here confirms at the organisation's sign-in service; a sign-in
there counts from when that service asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from loopsweb.accounts.auth.oidc_reauthentication import AGAIN, CONFIRMED_AT, LONG_AGO

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)
SAFE = frozenset({"GET", "HEAD"})
NOTHING_DONE = "Nothing was done yet: confirm that it is you, then send the form again."


def confirmed_lately(request: HttpRequest) -> bool:
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    newest = max((counts_from(request, each) for each in records), default=LONG_AGO)
    if time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        return True
    return not (has_a_way_here(request) or settings.OIDC_ISSUER)  # nothing to confirm with


def counts_from(request: HttpRequest, record: dict[str, Any]) -> float:
    """Seconds since the epoch."""
    if record["method"] == "socialaccount":
        return float(request.session.get(CONFIRMED_AT, LONG_AGO))
    return float(record["at"])


def has_a_way_here(request: HttpRequest) -> bool:
    return bool(get_reauthentication_flows(request.user))


def where_to_confirm(request: HttpRequest, *, back: str) -> str:
    """An address that leads `back` once it is confirmed. The service is asked to ask again, also
    whoever is signed in there."""
    if has_a_way_here(request):
        return f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}"
    there = reverse("openid_connect_login", args=["oidc"])
    return f"{there}?{urlencode({'next': back, 'auth_params': AGAIN})}"


def confirmed(
    view: Callable[Concatenate[R, P], HttpResponseBase],
) -> Callable[Concatenate[R, P], HttpResponseBase]:
    """For views that ask for a fresh confirmation; put it inside of what checks who may.

    What was sent is not kept over the confirmation: a form may hold an API key.
    """

    @wraps(view)
    def guarded(request: R, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if confirmed_lately(request):
            return view(request, *args, **kwargs)
        back = request.get_full_path()
        if request.method not in SAFE:
            messages.warning(request, NOTHING_DONE)
            back = came_from(request)
        return redirect(where_to_confirm(request, back=back))

    return guarded  # type: ignore[return-value]


def confirmed_to_send(
    view: Callable[Concatenate[R, P], HttpResponseBase],
) -> Callable[Concatenate[R, P], HttpResponseBase]:
    """As `confirmed`, for a page that anybody who may can look at."""
    asking = confirmed(view)

    @wraps(view)
    def guarded(request: R, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return (view if request.method in SAFE else asking)(request, *args, **kwargs)

    return guarded  # type: ignore[return-value]


def came_from(request: HttpRequest) -> str:
    """The page of this site that the form stood on; "/" where the browser does not say."""
    referrer = request.headers.get("Referer", "")
    here = request.build_absolute_uri("/")
    return referrer.removeprefix(here.rstrip("/")) if referrer.startswith(here) else "/"
