"""URLs and host names in the one form in which they are stored, compared and called."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

import idna

DEFAULT_PORTS = {"http": 80, "https": 443}
UNKNOWN_CLIENT = "0.0.0.0"  # noqa: S104  (stored where a column takes IP addresses only)
INVALID_HOST = "must name a valid host."


def normalize_url(text: str) -> str:
    """Return scheme and host in lower case, without a default port or trailing dots and slashes.

    Raises ValueError, whose message goes on after the name of what is invalid.
    """
    if re.search(r"[\s\x00-\x1f\x7f\\]", text):
        raise ValueError("must have no spaces, control characters or backslashes.")
    try:
        url = urlsplit(text)
        host = url.hostname or ""
    except ValueError:
        raise ValueError(INVALID_HOST) from None
    if url.scheme not in DEFAULT_PORTS or not host.strip(".") or "@" in url.netloc:
        raise ValueError("must start with http:// or https://, name a host and no user name.")
    if "?" in text or "#" in text:
        raise ValueError("must have neither a query nor a fragment.")
    try:
        port = url.port
    except ValueError:
        raise ValueError("must have a port of at most 65535.") from None
    origin = normalize_host(host)
    if port not in {None, DEFAULT_PORTS[url.scheme]}:
        origin += f":{port}"
    return f"{url.scheme}://{origin}{url.path.rstrip('/')}"


def normalize_api_url(text: str) -> str:
    """Like `normalize_url`. API keys are sent there, so http is only for this machine."""
    url = normalize_url(text)
    if url.startswith("http://") and not is_loopback(urlsplit(url).hostname or ""):
        raise ValueError("must start with https://: over http, API keys would be sent unencrypted.")
    return url


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def normalize_host(text: str) -> str:
    """Return a host name in lower-case ASCII without a trailing dot, or an IP address.

    IPv6 is in brackets, as in URLs. Raises ValueError as `normalize_url` does.
    """
    host = text.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    else:
        return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004
    if "/" in host or ":" in host:
        raise ValueError("must be a host name without scheme, port or path.")
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise ValueError(INVALID_HOST) from None


def parse_client_address(text: str) -> str:
    """Return the IP address that a proxy reports, "" if it reports none.

    Proxies add ports (`1.2.3.4:5678`, `[2001:db8::1]:443`) or write `unknown`.
    """
    text = text.strip(' "')
    found = re.fullmatch(r"(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?", text)
    host = (found[1] or found[2] or "") if found else text
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
