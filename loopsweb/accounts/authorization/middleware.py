"""Middleware: the client's address, the last use of a session, denying by default, rate limits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin
from django.views.generic import RedirectView

from loopsweb.accounts.auth.browser_sessions.timeouts import is_live_poll
from loopsweb.accounts.auth.reauthentication import SAFE_METHODS
from loopsweb.accounts.authorization.decorators import ACCESS_TOKEN
from loopsweb.accounts.authorization.roles import READ_ONLY
from loopsweb.accounts.rate_limits import TooManyAttempts
from loopsweb.addresses import parse_client_address
from loopsweb.ui.errors import render_error

LAST_SEEN_INTERVAL = 60  # seconds
SELF_GUARDED_MODULES = ("allauth.", "django.contrib.")


class ClientAddressMiddleware(MiddlewareMixin):
    """Puts the client's address into REMOTE_ADDR, counting settings.PROXIES from the right of
    X-Forwarded-For. Anything further left may be forged by the client. "" if a proxy of ours does
    not know the address."""

    def process_request(self, request: HttpRequest) -> None:
        meta, forwarded = request.META, request.headers.get("X-Forwarded-For", "").strip()
        hops = forwarded.split(",") if forwarded else []
        if 0 < settings.PROXIES <= len(hops):
            meta["REMOTE_ADDR"] = parse_client_address(hops[-settings.PROXIES])
        else:
            peer = meta.get("REMOTE_ADDR", "")
            meta["REMOTE_ADDR"] = parse_client_address(peer) or peer


class LastSeenMiddleware(MiddlewareMixin):
    """Saves when and from where a session is used, at most once a minute. Ignores live polls."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        key = request.session.session_key
        is_visit = key and not is_live_poll(request) and request.user.is_authenticated
        if is_visit and cache.add(f"seen:{key}", value=1, timeout=LAST_SEEN_INTERVAL):
            with suppress(DatabaseError):  # the page itself has succeeded
                UserSession.objects.create_from_request(request)
        return response


class DenyByDefaultMiddleware(MiddlewareMixin):
    """Refuses views without a permission, and in read-only mode every change."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        permission = getattr(view, "permission", "")
        only_reads = permission == ACCESS_TOKEN or getattr(view, "only_reads", False)
        is_exempt = only_reads or view.__module__.startswith("allauth.")
        is_change = request.method not in SAFE_METHODS
        if settings.LOOPSWEB_READ_ONLY and is_change and not is_exempt:
            raise PermissionDenied(READ_ONLY)
        if permission or checks_own_permissions(request, view):
            return
        raise ImproperlyConfigured(
            f"{view.__module__}.{view.__name__} names no permission: "
            "decorate it with require, signed_in or public."
        )


class RateLimitMiddleware(MiddlewareMixin):
    """Answers 429 for a view that has raised TooManyAttempts."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, TooManyAttempts):
            return None
        status = HTTPStatus.TOO_MANY_REQUESTS
        return render_error(request, status, "Too many requests", str(exception))


def checks_own_permissions(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """Libraries do. So does the admin, also where it uses plain Django views for its redirects."""
    is_admin = request.resolver_match is not None and "admin" in request.resolver_match.app_names
    only_redirects = getattr(view, "view_class", None) is RedirectView
    return is_admin or only_redirects or view.__module__.startswith(SELF_GUARDED_MODULES)
