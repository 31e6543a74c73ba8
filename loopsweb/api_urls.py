"""API URLs in the one form in which they are stored, compared and called."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

import idna

DEFAULT_PORTS = {"http": 80, "https": 443}
INVALID_HOST = "An API URL must name a valid host."


def normalize_api_url(text: str) -> str:
    """Return scheme and host in lower case, without a default port or trailing dots and slashes.

    Its path becomes the prefix of every route. Raises ValueError.
    """
    if re.search(r"[\s\x00-\x1f\x7f\\]", text):
        raise ValueError("An API URL must have no spaces, control characters or backslashes.")
    try:
        url = urlsplit(text)
        host = url.hostname or ""
    except ValueError:
        raise ValueError(INVALID_HOST) from None
    if url.scheme not in DEFAULT_PORTS or not host.strip(".") or "@" in url.netloc:
        raise ValueError(
            "An API URL must start with http:// or https://, name a host and have no user name."
        )
    if "?" in text or "#" in text:
        raise ValueError("An API URL must have neither a query nor a fragment.")
    try:
        port = url.port
    except ValueError:
        raise ValueError("An API URL must have a port of at most 65535.") from None
    host = normalize_host(host)
    origin = f"[{host}]" if ":" in host else host
    if port not in {None, DEFAULT_PORTS[url.scheme]}:
        origin += f":{port}"
    return f"{url.scheme}://{origin}{url.path.rstrip('/')}"


def normalize_host(text: str) -> str:
    """Return a host name in lower-case ASCII without a trailing dot, or an IP address.

    Raises ValueError.
    """
    host = text.lower().rstrip(".")
    try:
        return ipaddress.ip_address(host.strip("[]")).compressed
    except ValueError:
        pass
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise ValueError(INVALID_HOST) from None
