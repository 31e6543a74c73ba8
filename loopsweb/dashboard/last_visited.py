"""The workspace a person visited last, kept in their session."""

from __future__ import annotations

from django.http import HttpRequest

KEY = "workspace"


def get_last_visited(request: HttpRequest) -> str:
    """The workspace's slug, "" when there is none."""
    return str(request.session.get(KEY, ""))


def set_last_visited(request: HttpRequest, slug: str) -> None:
    if request.session.get(KEY) != slug:
        request.session[KEY] = slug
