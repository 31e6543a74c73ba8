"""Addresses of this site for use outside of it, such as in emails."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from loopsweb.addresses import is_loopback


class SiteUrlUnknown(Exception):
    def __init__(self) -> None:
        super().__init__("Set LOOPSWEB_URL to the address under which people open this site.")


def build_site_url(request: HttpRequest, path: str) -> str:
    """Of LOOPSWEB_URL. The request's own host counts only for a person at this machine, since
    anyone can claim any host. Raises SiteUrlUnknown."""
    if settings.LOOPSWEB_URL:
        return f"{settings.LOOPSWEB_URL}{path}"
    if is_from_this_machine(request):
        return request.build_absolute_uri(path)
    raise SiteUrlUnknown


def is_site_url_known(request: HttpRequest) -> bool:
    return bool(settings.LOOPSWEB_URL) or is_from_this_machine(request)


def is_from_this_machine(request: HttpRequest) -> bool:
    host = request.get_host()
    is_local_host = any(host == each or host.startswith(f"{each}:") for each in settings.LOOPBACK)
    return is_local_host and is_loopback(request.META.get("REMOTE_ADDR", ""))
