"""Web server, Celery worker and beat as processes of their own: for PostgreSQL and Redis."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time

from django.conf import settings
from django.core.management import call_command

logger = logging.getLogger(__name__)

CELERY = [sys.executable, "-m", "celery", "-A", "loopsweb"]
WORKER = [*CELERY, "worker", "--pool", "threads", "--concurrency", "8", "--loglevel"]
BEAT = [*CELERY, "beat", "--scheduler", "celery.beat:Scheduler", "--loglevel"]
SECONDS_TO_STOP = 20


def run(*, host: str, port: int, with_worker: bool) -> int:
    """The exit code. Without a worker, this process becomes the web server and does not return."""
    call_command("collectstatic", interactive=False, verbosity=0)
    os.chdir(settings.BASE_DIR)
    web = web_command(host=host, port=port)
    if not with_worker:
        os.execv(web[0], web)  # noqa: S606
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    processes = {
        name: subprocess.Popen(command, start_new_session=True)  # noqa: S603
        for name, command in {
            "web server": web,
            "worker": [*WORKER, settings.LOG_LEVEL],
            "beat": [*BEAT, settings.LOG_LEVEL],
        }.items()
    }
    try:
        watch(processes)
    except KeyboardInterrupt:
        return 0
    finally:
        stop(processes)
    return 1


def web_command(*, host: str, port: int) -> list[str]:
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
    workers = ["--workers", str(os.cpu_count() or 1), "--respawn-failed-workers"]
    where = ["--host", host, "--port", str(port), "--blocking-threads", "4"]
    return [*granian, *workers, *where, "--log-level", "warning", "loopsweb.wsgi:application"]


def watch(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Returns when the web server has ended; the end of another is said and survived."""
    mourned = set()
    while processes["web server"].poll() is None:
        for name, process in processes.items():
            if process.poll() is not None and name not in mourned:
                mourned.add(name)
                logger.critical(
                    "The %s has stopped (exit code %s), so nothing is polled any more. "
                    "Restart loopsweb.",
                    name,
                    process.returncode,
                )
        time.sleep(0.5)


def stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for process in processes.values():
        process.terminate()
    give_up = time.monotonic() + SECONDS_TO_STOP
    for process in processes.values():
        try:
            process.wait(timeout=max(0.0, give_up - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
