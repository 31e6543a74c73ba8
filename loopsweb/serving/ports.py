"""Listening sockets."""

from __future__ import annotations

import errno
import socket


class CannotListen(Exception):
    """The message is a sentence for the person who started the server."""


def open_listener(*, host: str, port: int) -> socket.socket:
    """Return a listening socket, which reserves the port at once.

    Raises CannotListen if the port is in use or not allowed, or the host is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(f"Port {port} on {host} is already in use.") from error
        raise CannotListen(f"Cannot listen on {host} port {port}: {error.strerror}.") from error


def format_url(*, host: str, port: int) -> str:
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
