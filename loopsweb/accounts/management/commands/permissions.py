from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from loopsweb.accounts.authorization.permissions_docs import markdown


class Command(BaseCommand):
    help = "The table of permissions, as Markdown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="into docs/permissions.md")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"]:
            (settings.BASE_DIR / "docs" / "permissions.md").write_text(markdown())
        else:
            self.stdout.write(markdown(), ending="")
