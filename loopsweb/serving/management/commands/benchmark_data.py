from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from loopsweb.accounts.models import Workspace
from loopsweb.serving.benchmark_data.filling import fill_database
from loopsweb.serving.benchmark_data.founding import OWNER

REPORT_SECONDS = 2.0


class Command(BaseCommand):
    help = (
        "Fill the database with a made-up organisation of any size, to measure how fast pages are. "
        "The API is not asked, so stop the workers of this database first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--runs", type=int, required=True)
        parser.add_argument("--checkpoints", type=int, required=True)
        parser.add_argument("--name", default="Benchmark", help="of the new workspace")
        parser.add_argument("--owner", default=OWNER, help="email of its admin")
        parser.add_argument("--seed", type=int, default=1, help="another one gives other rows")

    def handle(
        self,
        *,
        runs: int,
        checkpoints: int,
        name: str,
        owner: str,
        seed: int,
        **options: Any,
    ) -> None:
        if runs < 1 or checkpoints < 0:
            raise CommandError("Give at least one run, and no negative number of checkpoints.")
        if Workspace.objects.filter(name=name).exists():
            raise CommandError(
                f"This database already has a workspace “{name}”. Give the new one another --name, "
                "or use an empty database."
            )
        begun = self.reported_at = time.monotonic()

        def report(stored: int) -> None:
            if time.monotonic() - self.reported_at > REPORT_SECONDS or stored == runs:
                self.reported_at = time.monotonic()
                self.stdout.write(f"{stored:,} of {runs:,} runs stored")

        workspace = fill_database(
            name=name,
            owner=owner,
            runs=runs,
            checkpoints=checkpoints,
            seed=seed,
            now=timezone.now(),
            report=report,
        )
        if connection.vendor == "postgresql":  # as autovacuum would within minutes
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        self.stdout.write(
            f"Filled the workspace “{workspace.slug}” in {time.monotonic() - begun:.1f} s. "
            f"{owner} is its admin; `manage.py changepassword {owner}` sets a password."
        )
