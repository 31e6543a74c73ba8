"""Whose request it is, and that nothing runs unasked.

Deny by default: a view of ours that names no permission is not run; read-only, none acts.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from loopsweb.accounts.authorization.decorators import ACCESS_TOKEN
from loopsweb.accounts.authorization.roles import READ_ONLY

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_ADDRESS = 45
SEEN_SECONDS = 60
GUARDED_BY_THEMSELVES = ("allauth.", "django.contrib.")


class ClientAddressMiddleware:
    """Puts the person's own address into REMOTE_ADDR, behind as many proxies as there are said to
    be. Anything further left in X-Forwarded-For is whatever the person claims."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        hops = request.headers.get("X-Forwarded-For", "").split(",")
        if 0 < settings.PROXIES <= len(hops) and (address := hops[-settings.PROXIES].strip()):
            request.META["REMOTE_ADDR"] = address[:LONGEST_ADDRESS]
        return self.get_response(request)


class LastSeenMiddleware:
    """Notes when and from where a session is used: once a minute at most, not for live polls."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        key = request.session.session_key
        is_person = key and "HX-Request" not in request.headers and request.user.is_authenticated
        if is_person and cache.add(f"seen:{key}", value=1, timeout=SEEN_SECONDS):
            with suppress(DatabaseError):  # a page that could be read is not lost over this
                UserSession.objects.create_from_request(request)
        return response


class DenyByDefaultMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        permission = getattr(view, "permission", "")
        says_so_itself = permission == ACCESS_TOKEN or view.__module__.startswith("allauth.")
        if settings.LOOPSWEB_READ_ONLY and request.method not in SAFE and not says_so_itself:
            raise PermissionDenied(READ_ONLY)
        if permission or guards_itself(request, view):
            return
        raise ImproperlyConfigured(
            f"{view.__module__}.{view.__name__} names no permission: "
            "decorate it with require, signed_in or public."
        )


def guards_itself(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """The admin has redirects of its own that are plain Django views."""
    of_admin = request.resolver_match is not None and "admin" in request.resolver_match.app_names
    return of_admin or view.__module__.startswith(GUARDED_BY_THEMSELVES)
