"""Deny by default: a view of ours that names no permission is not run; read-only, none acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse

from loopsweb.accounts.permissions import READ_ONLY

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
GUARDED_BY_THEMSELVES = ("allauth.", "django.contrib.")


class DenyByDefaultMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        of_sign_in = view.__module__.startswith("allauth.")
        if settings.LOOPSWEB_READ_ONLY and request.method not in SAFE and not of_sign_in:
            raise PermissionDenied(READ_ONLY)
        if hasattr(view, "permission") or guards_itself(request, view):
            return
        raise ImproperlyConfigured(
            f"{view.__module__}.{view.__name__} names no permission: "
            "decorate it with require, signed_in or public."
        )


def guards_itself(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """The admin has redirects of its own that are plain Django views."""
    of_admin = request.resolver_match is not None and "admin" in request.resolver_match.app_names
    return of_admin or view.__module__.startswith(GUARDED_BY_THEMSELVES)
