"""URLs and host names in the one form in which they are stored, compared and called."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit

import idna

DEFAULT_PORTS = {"http": 80, "https": 443}
UNKNOWN_CLIENT = "0.0.0.0"  # noqa: S104  (stored where a column takes IP addresses only)
INVALID_HOST = "must name a valid host."
UNREACHABLE = "must name a host that there can be: letters, digits and - between dots."
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST_NAME = re.compile(rf"(?=.{{1,253}}$)(?:{LABEL}\.)*(?![0-9]+$){LABEL}")


@lru_cache(maxsize=256)
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


def normalize_server_url(text: str) -> str:
    """Like `normalize_url`, of a host that there can be."""
    url = normalize_url(text)
    check_host_exists(urlsplit(url).hostname or "")
    return url


def normalize_api_url(text: str) -> str:
    """Like `normalize_server_url`. API keys are sent there, so http is only for this machine."""
    url = normalize_server_url(text)
    if url.startswith("http://") and not is_loopback(urlsplit(url).hostname or ""):
        raise ValueError("must start with https://: over http, API keys would be sent unencrypted.")
    return url


def normalize_origin_pattern(text: str) -> str:
    """An origin, or that of all hosts of a domain: https://*.example.com."""
    url = normalize_url(text)
    check_host_exists((urlsplit(url).hostname or "").removeprefix("*."))
    return url


def normalize_server_host(text: str) -> str:
    """Like `normalize_host`, of a host that there can be."""
    host = normalize_host(text)
    check_host_exists(host)
    return host


def normalize_host_pattern(text: str) -> str:
    """A host, a domain with all its hosts (.example.com), or * for any."""
    host = normalize_host(text)
    if host != "*":
        check_host_exists(host.removeprefix("."))
    return host


def check_host_exists(host: str) -> None:
    """Raises ValueError, as `normalize_url` does, for what is neither a host name nor an address.

    A name of digits alone would be an address, and names have no underscores.
    """
    if not (is_ip_address(host) or HOST_NAME.fullmatch(host)):
        raise ValueError(UNREACHABLE)


def is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """True for this machine's own addresses. A resolver may send any other name elsewhere, even one
    under .localhost."""
    name = host.strip("[]")
    return ipaddress.ip_address(name).is_loopback if is_ip_address(host) else name == "localhost"


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
