"""Runs web server, Celery worker and beat as separate processes, with Redis."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time

from django.conf import settings
from django.core.management import call_command

from loopsweb.serving.heaps import FEW_HEAPS

logger = logging.getLogger(__name__)

CELERY = [sys.executable, "-m", "celery", "-A", "loopsweb"]
WORKER = [*CELERY, "worker", "--pool", "threads", "--concurrency", "8", "--loglevel"]
BEAT = [*CELERY, "beat", "--scheduler", "celery.beat:Scheduler", "--loglevel"]
STOP_SECONDS = 20


def run(*, host: str, port: int, with_worker: bool) -> int:
    """Return the exit code. Without a worker, this process becomes the web server instead."""
    call_command("collectstatic", interactive=False, verbosity=0)
    os.chdir(settings.BASE_DIR)
    web = build_web_command(host=host, port=port)
    if not with_worker:
        os.execv(web[0], web)  # noqa: S606
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    processes = {
        name: subprocess.Popen(command, start_new_session=True, env=FEW_HEAPS | os.environ)  # noqa: S603
        for name, command in {
            "web server": web,
            "worker": [*WORKER, settings.LOG_LEVEL],
            "beat": [*BEAT, settings.LOG_LEVEL],
        }.items()
    }
    try:
        supervise_processes(processes)
    except KeyboardInterrupt:
        return 0
    finally:
        stop_processes(processes)
    return 1


def build_web_command(*, host: str, port: int) -> list[str]:
    web = [sys.executable, "-m", "loopsweb.serving.web_server", "--log-level", "warning"]
    workers = ["--workers", str(os.cpu_count() or 1), "--workers-kill-timeout", "5"]
    return [*web, *workers, "--host", host, "--port", str(port)]


def supervise_processes(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Return when the web server has ended. If another process ends, log it and go on."""
    reported = set()
    while processes["web server"].poll() is None:
        for name, process in processes.items():
            if process.poll() is not None and name not in reported:
                reported.add(name)
                logger.critical(
                    "The %s has stopped (exit code %s), so nothing is polled any more. "
                    "Restart loopsweb.",
                    name,
                    process.returncode,
                )
        time.sleep(0.5)


def stop_processes(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for process in processes.values():
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes.values():
        try:
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
