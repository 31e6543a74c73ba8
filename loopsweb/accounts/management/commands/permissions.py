from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from loopsweb.accounts.authorization.permissions_docs import render_markdown


class Command(BaseCommand):
    help = "Print the permissions of each role, as Markdown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--write", action="store_true", help="write docs/permissions.md instead"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"]:
            (settings.BASE_DIR / "docs" / "permissions.md").write_text(render_markdown())
        else:
            self.stdout.write(render_markdown(), ending="")
