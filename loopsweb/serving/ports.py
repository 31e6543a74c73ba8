"""Listening sockets."""

from __future__ import annotations

import errno
import socket

from django.core.management.base import CommandError


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
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
