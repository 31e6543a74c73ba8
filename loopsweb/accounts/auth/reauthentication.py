"""Reauthentication before every change: the decorators of permissions ask for it, unless a view
says why it does not need to.

A sign-in, or a confirmation with password or MFA, counts for ACCOUNT_REAUTHENTICATION_
TIMEOUT seconds. People with neither confirm at their identity provider; a sign-in there counts from
when they last authenticated.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from loopsweb.accounts.auth.kept_form import SECRET_FIELDS, forget_kept_form, keep_form
from loopsweb.accounts.auth.oidc_reauthentication import (
    AUTHENTICATED_AT_KEY,
    NEVER,
    REAUTHENTICATE_PARAMS,
)
from loopsweb.accounts.authorization.roles import READ_ONLY

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)
V = TypeVar("V", bound=Callable[..., Any])
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NOT_SUBMITTED = "Nothing has changed yet. Confirm your identity, then submit the form again."


def is_recently_authenticated(request: HttpRequest) -> bool:
    """Also true for people who have no way to confirm, neither here nor at a provider."""
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    newest = max((read_authentication_time(request, each) for each in records), default=NEVER)
    if time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        return True
    return not (can_reauthenticate_locally(request) or settings.OIDC_ISSUER)


def read_authentication_time(request: HttpRequest, record: dict[str, Any]) -> float:
    """Seconds since the epoch."""
    if record["method"] == "socialaccount":
        return float(request.session.get(AUTHENTICATED_AT_KEY, NEVER))
    return float(record["at"])


def can_reauthenticate_locally(request: HttpRequest) -> bool:
    """True if the person has a password or MFA here, and if these count."""
    return not settings.LOOPSWEB_SSO_ONLY and bool(
        get_adapter(request).get_reauthentication_methods(request.user)
    )


def reauthentication_url(request: HttpRequest, *, back: str) -> str:
    """The page to confirm on, before returning to the path `back`. The provider must prompt even
    people who are signed in there."""
    if can_reauthenticate_locally(request):
        return f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}"
    login = reverse("openid_connect_login", args=["oidc"])
    return f"{login}?{urlencode({'next': back, 'auth_params': REAUTHENTICATE_PARAMS})}"


def ask_to_confirm(request: HttpRequest) -> HttpResponseBase | None:
    """None for a request that changes nothing, and for people who reauthenticated recently.

    allauth sends a submitted form again afterwards, by raising ReauthenticationRequired. If it
    has a secret, or the person reauthenticates at an identity provider, a page offers to send it
    again, without the secret. Raises PermissionDenied in read-only mode, which no middleware
    checks for a form that was kept.
    """
    if request.method in SAFE_METHODS:
        return None
    if settings.LOOPSWEB_READ_ONLY:
        raise PermissionDenied(READ_ONLY)
    if is_recently_authenticated(request):
        forget_kept_form(request)
        return None
    back = referring_path(request)
    kept = keep_form(request, back=back)
    if can_reauthenticate_locally(request) and SECRET_FIELDS.isdisjoint(request.POST):
        # allauth finds the kept form by an address without a query, and keeps the parameters.
        request.GET = request.GET.copy()  # type: ignore[assignment]
        request.META["QUERY_STRING"] = ""
        raise ReauthenticationRequired
    if kept:
        back = reverse("kept_form", args=[kept.uid])
    messages.warning(request, NOT_SUBMITTED)
    return redirect(reauthentication_url(request, back=back))


def without_reauthentication(reason: str) -> Callable[[V], V]:
    """For a view whose changes anyone at the person's browser may make. Put it under the decorator
    of its permission."""

    def mark(view: V) -> V:
        view.unconfirmed = reason  # type: ignore[attr-defined]
        return view

    return mark


def require_reauthentication(
    view: Callable[Concatenate[R, P], HttpResponseBase],
) -> Callable[Concatenate[R, P], HttpResponseBase]:
    """Also to open the page: nothing is typed in vain. Put this under the decorator of the
    permission."""

    @wraps(view)
    def guarded(request: R, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not is_recently_authenticated(request):
            back = request.get_full_path()
            return ask_to_confirm(request) or redirect(reauthentication_url(request, back=back))
        return view(request, *args, **kwargs)

    return guarded  # type: ignore[return-value]


def require_reauthentication_to_submit(view: V) -> V:
    """For views of libraries."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return ask_to_confirm(request) or view(request, *args, **kwargs)

    return guarded  # type: ignore[return-value]


def referring_path(request: HttpRequest) -> str:
    """The path of the page that the form was on; "/" if unknown, or if it leads to another site."""
    referrer = request.headers.get("Referer", "")
    root = request.build_absolute_uri("/")
    path = referrer.removeprefix(root.rstrip("/"))
    is_here = referrer.startswith(root) and url_has_allowed_host_and_scheme(path, None)
    return path if is_here else "/"
