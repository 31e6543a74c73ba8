"""Where a request goes: always the base URL's own origin, always the route that was meant."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import httpx

IP = ipaddress.IPv4Address | ipaddress.IPv6Address

_HIGHEST_PORT = 65535
_private_hosts: set[str] = set()
_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    )
)
_ENDS_IN_IPV4 = [  # compatible, mapped, translated, NAT64 and its local kind
    ipaddress.IPv6Network(network)
    for network in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")
]


def origin(base_url: str) -> httpx.URL:
    """The base URL, checked; a path in it is kept as a prefix. Raises ValueError."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise ValueError("An API URL is http:// or https:// and a host, without a user name.")
    if (url.port or 0) > _HIGHEST_PORT:
        raise ValueError("An API URL has a port of at most 65535.")
    if url.query or url.fragment:
        raise ValueError("An API URL has neither a query nor a fragment.")
    return url


def allow_private(hosts: Iterable[str]) -> None:
    """Names that may lead to private addresses, in this process from now on."""
    _private_hosts.clear()
    _private_hosts.update(host.lower() for host in hosts)


def is_never_asked(ip: str, *, host: str) -> bool:
    """Whether no key may be sent to this IP address, to which the name `host` led.

    Link-local addresses and those where clouds tell a machine its own secrets, also within IPv6,
    whatever the name. Private ones, unless the API URL itself is one or its name is allowed to.
    """
    it = _innermost(ipaddress.ip_address(ip.partition("%")[0]))
    if it.is_link_local or it.is_multicast or it.is_unspecified or it in _METADATA:
        return True
    if isinstance(it, ipaddress.IPv6Address) and it.is_site_local:
        return True
    return not it.is_global and not _may_be_private(host.lower())


def _innermost(it: IP) -> IP:
    """The IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(it, ipaddress.IPv4Address):
        return it
    if any(it in network for network in _ENDS_IN_IPV4):
        return ipaddress.IPv4Address(it.packed[-4:])
    return it.sixtofour or it


def _may_be_private(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host in _private_hosts
    return True


def address(
    base: httpx.URL, route: str, ids: tuple[str, ...], query: Mapping[str, Any]
) -> httpx.URL:
    """`route` under `base`, each `{}` filled with an ID; a query value of None is left out."""
    target = base.raw_path.decode().rstrip("/") + route.format(*map(_segment, ids))
    given = {name: value for name, value in query.items() if value is not None}
    if given:
        target += "?" + urlencode(given, quote_via=quote, safe="")
    return base.copy_with(raw_path=target.encode())


def _segment(identifier: str) -> str:
    """An ID as one path segment that can be nothing else."""
    if identifier in {"", ".", ".."}:
        raise ValueError(f"{identifier!r} is not an ID.")
    return quote(identifier, safe="")
