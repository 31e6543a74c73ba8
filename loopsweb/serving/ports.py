from __future__ import annotations

import errno
import socket


class CannotListen(Exception):
    """The message is a sentence for the person who started the server."""


def listen(*, host: str, port: int) -> socket.socket:
    """A socket that listens already: whoever comes second finds the port taken, at once.

    Raises CannotListen where the port is taken, not allowed, or the host is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(f"Port {port} on {host} is taken by another program.") from error
        raise CannotListen(f"Cannot listen on {host} port {port}: {error.strerror}.") from error


def address(*, host: str, port: int) -> str:
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
