"""The workspace a person visited last, kept in their session."""

from __future__ import annotations

from django.http import HttpRequest

KEY = "workspace"


def get_last_visited(request: HttpRequest) -> str:
    """The workspace's slug, "" when there is none."""
    return str(request.session.get(KEY, ""))


def set_last_visited(request: HttpRequest, slug: str) -> None:
    """Parts of a page that ask for news do not count: two open tabs would take turns."""
    if request.session.get(KEY) != slug and "HX-Request" not in request.headers:
        request.session[KEY] = slug
