"""Site-wide template variables."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from loopsweb.ui.clock import name_zone
from loopsweb.ui.navigation import WORKSPACE_PAGES

THEMES = ("light", "dark")


def site(request: HttpRequest) -> dict[str, Any]:
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
        "workspace_pages": WORKSPACE_PAGES,
        "request_id": getattr(request, "request_id", ""),
    }
