"""Blocks IP addresses that must not receive an API key."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

IP = ipaddress.IPv4Address | ipaddress.IPv6Address

_private_hosts: set[str] = set()
_METADATA_SERVICES = frozenset(
    map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"))
)
_EMBEDS_IPV4 = [  # compatible, mapped, translated, NAT64 and its local-use prefix
    ipaddress.IPv6Network(network)
    for network in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")
]


def allow_private_hosts(hosts: Iterable[str]) -> None:
    """Replace the host names that may resolve to private addresses, for this process."""
    _private_hosts.clear()
    _private_hosts.update(host.lower() for host in hosts)


def is_blocked(ip: str, *, host: str) -> bool:
    """True if no key may be sent to this IP address, which `host` resolved to.

    Always blocked: link-local, multicast and unspecified addresses and cloud metadata services,
    embedded in IPv6 too. Private addresses are blocked unless `host` is an IP address itself,
    localhost, or allowed by `allow_private_hosts`.
    """
    address = _extract_ipv4(ipaddress.ip_address(ip.partition("%")[0]))
    if (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in _METADATA_SERVICES
    ):
        return True
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return True
    return not address.is_global and not _is_private_allowed(host.lower())


def _extract_ipv4(address: IP) -> IP:
    """The IPv4 address embedded in an IPv6 one, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if any(address in network for network in _EMBEDS_IPV4):
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.sixtofour or address


def _is_private_allowed(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host in _private_hosts
    return True
