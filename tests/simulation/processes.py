"""A process of the simulation: an installation of its own, which runs one seed after another."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django

from tests.services import INSTALLATION_PREFIXES, TEST_SECRETS

SERVICES = ("DATABASE_URL", "REDIS_URL")


@dataclass(frozen=True)
class Result:
    """failure: "" if all promises were kept."""

    seed: int
    steps: int = 0
    failure: str = ""


def set_up(template: str) -> None:
    """Make this process an installation of its own. Its folder is removed with the template's."""
    foreign = (*INSTALLATION_PREFIXES, *SERVICES)
    for name in [name for name in os.environ if name.startswith(foreign)]:
        del os.environ[name]
    folder = tempfile.mkdtemp(dir=Path(template).parent)
    os.environ |= {**TEST_SECRETS, "LOOPSWEB_DATA_DIR": folder, "LOG_LEVEL": "ERROR"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "loopsweb.settings"
    django.setup()


@contextmanager
def open_template(path: str) -> Iterator[sqlite3.Connection]:
    """With the tables of today, and nothing else in it."""
    from django.core.management import call_command
    from django.db import connection

    is_new = not Path(path).exists()
    template = sqlite3.connect(path)
    try:
        if is_new:
            call_command("migrate", verbosity=0)
            connection.connection.backup(template)
        yield template
    finally:
        template.close()


def run(seed: int, template_path: str, *, tells_steps: bool = False) -> Result:
    from tests.simulation.seeds import run_seed, use_own_database

    with use_own_database(), open_template(template_path) as template:
        try:
            return Result(seed, run_seed(seed, template=template))
        except Exception as error:  # noqa: BLE001  (whatever it is, it is what was looked for)
            steps = getattr(error, "__notes__", []) if tells_steps else []
            return Result(seed, failure="\n".join([f"{type(error).__name__}: {error}", *steps]))
