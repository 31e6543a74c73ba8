"""Runs the web server, and beside it a process with worker and beat, without Redis."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from waitress.server import BaseWSGIServer, create_server

from loopsweb.serving.heaps import FEW_HEAPS
from loopsweb.wsgi import application

logger = logging.getLogger(__name__)

WEB_THREADS = 8
MAX_CONNECTIONS = 1000
IDLE_SECONDS = 30
MAX_REQUEST_BYTES = 2**20
WORKER = (sys.executable, "-m", "loopsweb.serving.embedded_worker")
RESTART_SECONDS = 5.0
STOP_SECONDS = 5.0


def run(*, listener: socket.socket, on_start: Callable[[], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, then stop the worker and return.

    on_start: called before the first request is served.
    """
    server = create_web_server(listener)
    worker = EmbeddedWorker(WORKER)
    handle_stop_signals(signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        worker.start()
        on_start()
        server.run()
    handle_stop_signals(signal.SIG_IGN)
    worker.stop()


class EmbeddedWorker:
    """The process of worker and beat. If it ends by itself, another one is started."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.command, self.stopping = command, threading.Event()
        self.process = self.start_process()
        self.watching = threading.Thread(target=self.watch, name="worker", daemon=True)

    def start(self) -> None:
        self.watching.start()

    def start_process(self) -> subprocess.Popen[bytes]:
        """In a session of its own, so that Ctrl-C reaches this process alone, which tells it."""
        path = os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")]))
        return subprocess.Popen(  # noqa: S603
            self.command,
            stdin=subprocess.PIPE,
            start_new_session=True,
            env=FEW_HEAPS | os.environ | {"PYTHONPATH": path},
        )

    def watch(self) -> None:
        while not self.stopping.is_set():
            code = self.process.wait()
            end_input(self.process)
            if self.stopping.is_set():
                return
            logger.critical(
                "The worker has stopped (exit code %s), so nothing is polled. "
                "Another one starts in %g seconds.",
                code,
                RESTART_SECONDS,
            )
            if not self.stopping.wait(RESTART_SECONDS):
                self.process = self.start_process()

    def stop(self) -> None:
        """It ends when its standard input does."""
        self.stopping.set()
        end_input(self.process)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()


def end_input(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()


def handle_stop_signals(handler: Any) -> None:
    """handler: as for `signal.signal`."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def create_web_server(listener: socket.socket) -> BaseWSGIServer:
    """Idle connections occupy no thread and are closed after IDLE_SECONDS."""
    server: BaseWSGIServer = create_server(
        application,
        sockets=[listener],
        threads=WEB_THREADS,
        ident=None,
        connection_limit=MAX_CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        asyncore_use_poll=True,
        max_request_body_size=MAX_REQUEST_BYTES,
        clear_untrusted_proxy_headers=False,  # /metrics asks whether a proxy forwards
    )
    return server
