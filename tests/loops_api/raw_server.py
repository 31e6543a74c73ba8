"""A server that sends raw bytes on loopback, for what no WSGI server does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket, threading.Event], None]


@contextmanager
def run_raw_server(script: Script, *, reads_first: bool = True) -> Iterator[str]:
    """Yield the base URL of a server that reads a request's head and runs `script`.

    reads_first=False leaves the head unread. The event is set when the test is over.
    """
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(
            target=_accept_connections, args=(listener, script, over, reads_first), daemon=True
        )
        serving.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            serving.join(5)


def _accept_connections(
    listener: socket.socket, script: Script, over: threading.Event, reads_first: bool
) -> None:
    while not over.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            head = b""
            while reads_first and b"\r\n\r\n" not in head:
                head += connection.recv(65536)
            script(connection, over)


def send_parts(*parts: bytes, then_reset: bool = False) -> Script:
    """Send the parts and close the connection, by a reset with `then_reset`."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        for part in parts:
            connection.sendall(part)
        if then_reset:
            linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    return script


def send_slowly(head: bytes, drop: bytes, every: float) -> Script:
    """Send `head` and then `drop` every `every` seconds until the test is over."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        while not over.wait(every):
            connection.sendall(drop)

    return script


def stay_silent(connection: socket.socket, over: threading.Event) -> None:
    over.wait(30)
