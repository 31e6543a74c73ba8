"""Decides whether a browser may be sent to the address that the API gives for a file."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import iri_to_uri

UNUSABLE = (
    "The API returned an address that a browser cannot open. "
    "Try again; if it happens again, download the checkpoint through the API."
)
PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+")


class NoLink(ValueError):
    """The message says why. It never has the address, which may be signed."""


def find_link_host(request: HttpRequest, link: str) -> str:
    """`check_link` for the site as this request addresses it. Raises NoLink."""
    own_scheme = "https" if request.is_secure() else "http"
    return check_link(link, own_host=request.get_host(), own_scheme=own_scheme)


def start_download(page: HttpResponse, link: str) -> None:
    """Let the page go on to the file by itself: the CSP forbids forms that redirect to another
    site. link: a checked one."""
    page["Refresh"] = f"0; url={iri_to_uri(link)}"


def check_link(link: str, *, own_host: str, own_scheme: str) -> str:
    """The host that the link leads to. own_host: of this site, with its port. Raises NoLink."""
    try:
        address = urlsplit(link)
        host = (address.hostname or "").rstrip(".")
        place = (host, address.port or PORTS.get(address.scheme, 0))
    except ValueError:
        address, place = SplitResult("", "", "", "", ""), ("", 0)
    host = place[0]
    if address.scheme not in PORTS or not HOST.fullmatch(host) or "@" in address.netloc:
        raise NoLink(UNUSABLE)
    own = urlsplit(f"{own_scheme}://{own_host}")
    if place == (own.hostname, own.port or PORTS[own_scheme]):
        raise NoLink("The API returned an address of this site, which has no files.")
    if address.scheme == "http" and not is_api_address(address):
        raise NoLink(
            f"The API returned an address at {host} without encryption, so it is not opened."
        )
    if not is_allowed_host(host):
        raise NoLink(
            f"The API returned an address at {host}, where this site does not send anybody. "
            "An administrator of loopsweb can add it to LOOPSWEB_DOWNLOAD_HOSTS."
        )
    return host


def is_api_address(address: SplitResult) -> bool:
    """True if the files are where the API is: on this machine, in a demonstration."""
    origins = {(one.scheme, one.netloc) for one in map(urlsplit, settings.LOOPSWEB_API_URLS)}
    return (address.scheme, address.netloc) in origins


def is_allowed_host(host: str) -> bool:
    """True if the setting names the host or a domain it is in, or names nothing."""
    allowed: list[str] = settings.LOOPSWEB_DOWNLOAD_HOSTS
    return not allowed or any(host == one or host.endswith(f".{one}") for one in allowed)
