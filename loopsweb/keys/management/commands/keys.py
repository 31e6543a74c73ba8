from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import pluralize
from django.utils import timezone

from loopsweb import cipher
from loopsweb.keys.rotation import rotate_secrets


class Command(BaseCommand):
    help = "rotate: encrypt every stored secret with the first key of LOOPSWEB_SECRET_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="verb", required=True)
        actions.add_parser(
            "rotate",
            help="Safe while the site runs, and safe to repeat if interrupted. "
            "Once it succeeds, the other keys can be removed.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        done = rotate_secrets(now=timezone.now(), report=self.stdout.write)
        self.stdout.write(
            f"Re-encrypted with ring key {cipher.get_ring().current!r}: "
            f"{done.keys} API key{pluralize(done.keys)}, "
            f"{done.second_factors} second factor{pluralize(done.second_factors)}."
        )
        if done.unreadable:
            unreadable = "\n".join(done.unreadable)
            raise CommandError(f"Could not be decrypted and were left unchanged:\n{unreadable}")
