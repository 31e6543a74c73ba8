from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from loopsweb.serving import migrations, multiprocess, single_process
from loopsweb.serving.exits import exit_process
from loopsweb.serving.ports import check_demo_host, format_url, open_listener


class Command(BaseCommand):
    help = "Migrate the database and serve the site; without REDIS_URL, with all that it needs."
    requires_system_checks = ()  # they open the database; run them after listening

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--no-worker",
            action="store_true",
            help="Web only: worker and beat run elsewhere. Needs REDIS_URL.",
        )

    def handle(self, *, host: str, port: int, no_worker: bool, **options: Any) -> None:
        if settings.SINGLE_PROCESS and no_worker:
            raise CommandError(
                "--no-worker needs REDIS_URL: without it, the queue lives in the worker's memory."
            )
        if settings.DEMO:
            check_demo_host(host)
        listener = open_listener(host=host, port=port, instead=f"make serve PORT={port + 1}")
        try:
            self.check()
            migrations.migrate()
        except KeyboardInterrupt:
            raise CommandError("Stopped before startup finished.") from None
        url = format_url(host=host, port=port)
        if settings.SINGLE_PROCESS:
            report = f"loopsweb is up: {url}"
            single_process.run(listener=listener, on_start=lambda: self.stdout.write(report))
            exit_process()
        listener.close()
        self.stdout.write(f"Starting {url}")
        raise SystemExit(
            multiprocess.run(host=host.strip("[]"), port=port, with_worker=not no_worker)
        )
