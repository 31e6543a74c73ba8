"""The services of docker-compose.yml as plain processes, in the installation of this one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from django.conf import settings

from tests.composed import REQUIRED_VARIABLES, load_services
from tests.processes import (
    START_SECONDS,
    Process,
    Site,
    start_process,
    start_site,
    wait_for,
    wait_until_up,
)
from tests.servers import find_free_port

INSTALLATION = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "STATIC_ROOT")
GIVEN = ("SECRET_KEY", "LOOPSWEB_SECRET_KEYS", "LOOPSWEB_API_URLS")


@contextmanager
def start_service(
    name: str, variables: Mapping[str, str], *, port: int = 8000
) -> Iterator[Process]:
    """Start web, worker or beat with the command and settings that it has there.

    variables: more settings.
    """
    folder = Path(os.environ["LOOPSWEB_DATA_DIR"])
    given = {each: os.environ[each] for each in GIVEN}
    service = load_services({**REQUIRED_VARIABLES, **given, **variables})[name]
    command = [str(port) if word == "8000" else word for word in service["command"]]
    environment = {key: str(value or "") for key, value in service["environment"].items()}
    environment |= {each: os.environ[each] for each in INSTALLATION}
    environment["LOOPSWEB_METRICS_DIR"] = str(folder / "metrics")
    log = folder / f"{name}.log"
    with start_process([sys.executable, *command[1:]], log=log, environment=environment) as it:
        yield it


@contextmanager
def start_web(variables: Mapping[str, str]) -> Iterator[Site]:
    port = find_free_port()
    with start_service("web", variables, port=port) as process:
        folder = Path(os.environ["LOOPSWEB_DATA_DIR"])
        site = Site(f"http://127.0.0.1:{port}", process, {}, folder)
        wait_until_up(site)
        yield site


@contextmanager
def start_workers(variables: Mapping[str, str]) -> Iterator[Process]:
    """Start a worker; without Redis, the one process that is everything."""
    if settings.SINGLE_PROCESS:
        with start_embedded(variables) as site:
            yield site.process
        return
    with start_service("worker", variables) as worker:
        wait_for(lambda: "ready." in worker.read_log(), timeout=START_SECONDS)
        yield worker


@contextmanager
def start_embedded(variables: Mapping[str, str]) -> Iterator[Site]:
    """Start `manage.py serve` on this installation, and wait for its worker."""
    folder = Path(os.environ["LOOPSWEB_DATA_DIR"])
    with start_site(folder, {"LOG_LEVEL": "INFO", **variables}) as site:
        wait_for(lambda: site.get("/readyz").status_code == httpx.codes.OK, timeout=START_SECONDS)
        yield site


@contextmanager
def start_everything(variables: Mapping[str, str]) -> Iterator[Site]:
    """Start web and worker, or the one process that is both."""
    if settings.SINGLE_PROCESS:
        with start_embedded(variables) as site:
            yield site
        return
    with start_web(variables) as site, start_workers(variables):
        yield site
