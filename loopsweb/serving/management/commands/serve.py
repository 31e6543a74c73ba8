from __future__ import annotations

import ipaddress
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from loopsweb.serving import embedded, migrations, multiprocess
from loopsweb.serving.ports import CannotListen, address, listen


class Command(BaseCommand):
    help = "Migrate, then serve the site; without REDIS_URL everything runs in this one process."
    requires_system_checks = ()  # they open the database: not before we listen

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--no-worker",
            action="store_true",
            help="Web only: worker and beat run elsewhere. Needs REDIS_URL.",
        )

    def handle(self, *, host: str, port: int, no_worker: bool, **options: Any) -> None:
        if settings.EMBEDDED and no_worker:
            raise CommandError(
                "Without REDIS_URL the task queue lives in this process: it needs its worker here."
            )
        if settings.DEMO and not is_loopback(host):
            raise CommandError(f"The demo has well-known passwords: it does not listen on {host}.")
        try:
            listener = listen(host=host, port=port)
        except CannotListen as error:
            instead = f"Stop that one, or name another: --port {port + 1}"
            raise CommandError(f"{error} {instead}") from error
        try:
            self.check()
            migrations.migrate()
        except KeyboardInterrupt:
            raise CommandError("Stopped before it was up.") from None
        where = f"loopsweb is up: {address(host=host, port=port)}"
        if settings.EMBEDDED:
            embedded.run(listener=listener, when_up=lambda: self.stdout.write(where))
            embedded.leave()
        listener.close()
        self.stdout.write(f"Starting {address(host=host, port=port)}")
        raise SystemExit(multiprocess.run(host=host, port=port, with_worker=not no_worker))


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
