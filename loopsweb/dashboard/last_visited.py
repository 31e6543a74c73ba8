"""Which workspace the person looked at last, kept in their session."""

from __future__ import annotations

from django.http import HttpRequest

KEY = "workspace"


def last_visited(request: HttpRequest) -> str:
    return str(request.session.get(KEY, ""))


def remember(request: HttpRequest, slug: str) -> None:
    if request.session.get(KEY) != slug:
        request.session[KEY] = slug
