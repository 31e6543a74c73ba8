"""Runs web server, Celery worker and beat as threads of one process, without Redis.

The broker lives in this process's memory, so all three must run in it.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from celery.beat import Scheduler, Service
from celery.worker import WorkController
from celery.worker import state as worker_state
from django.conf import settings
from waitress.server import BaseWSGIServer, create_server

from loopsweb.celery import app
from loopsweb.resources.worker import process
from loopsweb.wsgi import application

logger = logging.getLogger(__name__)

WEB_THREADS = 8
WORKER_THREADS = 4
MAX_CONNECTIONS = 1000
IDLE_SECONDS = 30
MAX_REQUEST_BYTES = 2**20
STOP_SECONDS = 2.0
stopping = threading.Event()


def run(*, listener: socket.socket, on_start: Callable[[], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, then stop worker and beat and return.

    on_start: called before the first request is served.
    """
    server = create_web_server(listener)
    worker = WorkController(
        app=app,
        pool="threads",
        concurrency=WORKER_THREADS,
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
    )
    beat = Service(app, scheduler_cls=Scheduler)
    threads = [start_thread("worker", worker.start), start_thread("beat", beat.start)]
    handle_stop_signals(signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        on_start()
        server.run()
    handle_stop_signals(signal.SIG_IGN)
    stopping.set()
    process.request_stop()
    worker_state.should_stop = os.EX_OK  # type: ignore[assignment]
    beat.stop()
    process.stop(within=STOP_SECONDS / 2)
    for thread in threads:
        thread.join(STOP_SECONDS / 2 / len(threads))


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
        clear_untrusted_proxy_headers=not (settings.HTTPS or settings.PROXIES),
    )
    return server


def start_thread(name: str, target: Callable[[], object]) -> threading.Thread:
    def run_and_report() -> None:
        try:
            target()
        finally:
            if not stopping.is_set():
                logger.critical(
                    "The %s has stopped, so nothing is polled any more. Restart loopsweb.",
                    name,
                    exc_info=sys.exc_info()[0] is not None,
                )

    thread = threading.Thread(target=run_and_report, name=name, daemon=True)
    thread.start()
    return thread


def exit_process() -> None:
    """Exit with 0 without waiting for running polls, which are safe to interrupt."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
