"""The time zone in which a page shows times: UTC, or the person's own if their browser asks for it.

What is typed, exported or recorded is in UTC always.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_zone: ContextVar[tzinfo] = ContextVar("zone", default=UTC)


def get_zone() -> tzinfo:
    return _zone.get()


def name_zone() -> str:
    """ "" for UTC."""
    zone = _zone.get()
    return zone.key if isinstance(zone, ZoneInfo) else ""


@cache
def list_zones() -> frozenset[str]:
    """The file of every zone is opened for this."""
    return frozenset(available_timezones())


def parse_zone(name: str) -> tzinfo:
    """UTC for what is no name of a time zone."""
    return ZoneInfo(name) if name and name in list_zones() else UTC


class ZoneMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _zone.set(parse_zone(request.COOKIES.get(settings.ZONE_COOKIE_NAME, "")))
        try:
            return self.get_response(request)
        finally:
            _zone.reset(token)
