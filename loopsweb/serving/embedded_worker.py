"""Worker and beat in a process of their own, on a queue in its memory, beside the web server of
`single_process`: pages do not wait while an answer is read.

The process ends when its standard input does, so that it never outlives the web server.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

import django
from celery.beat import Scheduler, Service
from celery.worker import WorkController
from celery.worker import state as worker_state

from loopsweb.celery import app
from loopsweb.serving.exits import exit_process

logger = logging.getLogger(__name__)

WORKER_THREADS = 4
STOP_SECONDS = 2.0
stopping = threading.Event()


def run() -> None:
    """Work until standard input ends, then stop worker and beat."""
    from loopsweb.resources.worker import process

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
    sys.stdin.buffer.read()
    stopping.set()
    process.request_stop()
    worker_state.should_stop = os.EX_OK  # type: ignore[assignment]
    beat.stop()
    process.stop(within=STOP_SECONDS / 2)
    for thread in threads:
        thread.join(STOP_SECONDS / 2 / len(threads))


def start_thread(name: str, target: Callable[[], object]) -> threading.Thread:
    """If it ends, so does the process: the web server starts another one."""

    def run_and_report() -> None:
        try:
            target()
        finally:
            if not stopping.is_set():
                is_failure = sys.exc_info()[0] is not None
                logger.critical("The %s has stopped.", name, exc_info=is_failure)
                exit_process(os.EX_SOFTWARE)

    thread = threading.Thread(target=run_and_report, name=name, daemon=True)
    thread.start()
    return thread


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the web server says when to stop
    django.setup()
    run()
    exit_process()
