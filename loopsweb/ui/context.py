"""Site-wide template variables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from loopsweb.ui.clock import name_zone
from loopsweb.ui.navigation import WORKSPACE_PAGES

THEMES = ("light", "dark")


def site(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    return {
        **describe_site(request),
        **tell_time(now),
        "workspace_pages": WORKSPACE_PAGES,
        "request_id": getattr(request, "request_id", ""),
    }


def tell_time(now: datetime) -> dict[str, str]:
    """When a page was made, for scripts and for people who print it."""
    second = now.astimezone(UTC).replace(microsecond=0)
    return {"page_time": second.isoformat(), "page_time_utc": f"{second:%Y-%m-%d %H:%M:%S}"}


def describe_site(request: HttpRequest) -> dict[str, Any]:
    """What is the same for every request of a browser."""
    theme = request.COOKIES.get(settings.THEME_COOKIE_NAME, "")
    return {
        "read_only": settings.LOOPSWEB_READ_ONLY,
        "is_demo": settings.DEMO,
        "theme": theme if theme in THEMES else "",
        "theme_cookie": settings.THEME_COOKIE_NAME,
        "zone": name_zone(),
        "zone_cookie": settings.ZONE_COOKIE_NAME,
        "keys": "off" if request.COOKIES.get(settings.KEYS_COOKIE_NAME) == "off" else "",
        "keys_cookie": settings.KEYS_COOKIE_NAME,
    }
