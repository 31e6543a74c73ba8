from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from loopsweb import cipher
from loopsweb.keys.rotation import rotate


class Command(BaseCommand):
    help = "rotate: encrypt every stored secret with the first key of LOOPSWEB_SECRET_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="verb", required=True)
        actions.add_parser(
            "rotate",
            help="Safe while the site runs, and to run again after it was cut off. "
            "Once it reports nothing left, the other keys can be taken out.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        done = rotate(now=timezone.now(), say=self.stdout.write)
        self.stdout.write(
            f"Encrypted anew with ring key {cipher.ring().current!r}: "
            f"{done.keys} API keys, {done.second_factors} second factors."
        )
        if done.unreadable:
            raise CommandError("Not readable, so left as they are:\n" + "\n".join(done.unreadable))
