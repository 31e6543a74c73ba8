"""A server that speaks raw bytes on loopback, for what no WSGI server would ever do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket, threading.Event], None]


@contextmanager
def talking(script: Script, *, reads_first: bool = True) -> Iterator[str]:
    """The base URL of a server that reads a request's head, if it is to, and runs `script`.

    The event is set when the test is over.
    """
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(
            target=_serve, args=(listener, script, over, reads_first), daemon=True
        )
        serving.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            serving.join(5)


def _serve(
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


def says(*parts: bytes, then_reset: bool = False) -> Script:
    """Send the parts and close; with `then_reset`, as a connection that is torn down."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        for part in parts:
            connection.sendall(part)
        if then_reset:
            linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    return script


def drips(head: bytes, drop: bytes, every: float) -> Script:
    """Send `head` and then `drop` again and again, for ever."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        while not over.wait(every):
            connection.sendall(drop)

    return script


def keeps_silent(connection: socket.socket, over: threading.Event) -> None:
    over.wait(30)
