"""Web server, Celery worker and beat as threads of one process: for SQLite and no Redis.

The broker lives in this process's memory, so all three must be here and nowhere else.
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

from celery.beat import Scheduler, Service
from celery.worker import WorkController
from celery.worker import state as worker_state
from django.conf import settings
from waitress.server import BaseWSGIServer, create_server

from loopsweb.celery import app
from loopsweb.wsgi import application

logger = logging.getLogger(__name__)

WEB_THREADS = 8
WORKER_THREADS = 4
CONNECTIONS = 1000
SECONDS_TO_SPEAK = 30
LARGEST_REQUEST = 2**20
SECONDS_TO_FINISH = 2.0
stopping = threading.Event()


def run(*, listener: socket.socket, when_up: Callable[[], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, then stop worker and beat and return."""
    server = web_server(listener)
    worker = WorkController(
        app=app,
        pool="threads",
        concurrency=WORKER_THREADS,
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
    )
    beat = Service(app, scheduler_cls=Scheduler)
    threads = [start("worker", worker.start), start("beat", beat.start)]
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        when_up()
        server.run()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    stopping.set()
    worker_state.should_stop = os.EX_OK  # type: ignore[assignment]
    beat.stop()
    for thread in threads:
        thread.join(SECONDS_TO_FINISH / len(threads))


def web_server(listener: socket.socket) -> BaseWSGIServer:
    """Whoever opens connections and says nothing takes up none of its threads, and not for long."""
    server: BaseWSGIServer = create_server(
        application,
        sockets=[listener],
        threads=WEB_THREADS,
        ident=None,
        connection_limit=CONNECTIONS,
        channel_timeout=SECONDS_TO_SPEAK,
        asyncore_use_poll=True,
        max_request_body_size=LARGEST_REQUEST,
        clear_untrusted_proxy_headers=not (settings.HTTPS or settings.PROXIES),
    )
    return server


def start(name: str, target: Callable[[], object]) -> threading.Thread:
    def run_and_mourn() -> None:
        try:
            target()
        finally:
            if not stopping.is_set():
                logger.critical(
                    "The %s has stopped, so nothing is polled any more. Restart loopsweb.",
                    name,
                    exc_info=sys.exc_info()[0] is not None,
                )

    thread = threading.Thread(target=run_and_mourn, name=name, daemon=True)
    thread.start()
    return thread


def leave() -> None:
    """Exit with 0 without waiting for a poll that still waits for the API; polls may be cut off."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
