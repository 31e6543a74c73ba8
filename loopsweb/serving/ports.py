"""Listening sockets."""

from __future__ import annotations

import errno
import socket

from django.core.management.base import CommandError

from loopsweb.addresses import is_loopback


def open_listener(*, host: str, port: int, instead: str) -> socket.socket:
    """Return a listening socket, which reserves the port at once.

    instead: what to type to use another port. Raises CommandError if the port is in use or not
    allowed, or the host is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=1024)
    except OSError as error:
        cause = f"Cannot listen on {host} port {port}: {error.strerror}."
        if error.errno == errno.EADDRINUSE:
            cause = f"Port {port} on {host} is already in use."
        advice = f"Stop the other program or choose another port: {instead}"
        raise CommandError(f"{cause} {advice}") from error


def format_url(*, host: str, port: int) -> str:
    """The address of a site that listens on `host`, to be opened on this machine."""
    name = host.strip("[]")
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name)  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def check_demo_host(host: str) -> None:
    """Raises CommandError unless the host is a loopback address."""
    if not is_loopback(host):
        refusal = f"The demo has well-known passwords, so it does not listen on {host}."
        raise CommandError(refusal)
