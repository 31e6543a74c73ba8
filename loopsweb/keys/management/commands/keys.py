from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import pluralize
from django.utils import timezone

from loopsweb import cipher
from loopsweb.audit.record import system_actor
from loopsweb.keys.actions import recheck
from loopsweb.keys.clients import KeyUnusable
from loopsweb.keys.models import Key, KeyState
from loopsweb.keys.rotation import rotate_secrets
from loopsweb.loops_api.errors import LoopsError


class Command(BaseCommand):
    help = "Re-encrypt or re-check the stored API keys."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="verb", required=True)
        actions.add_parser(
            "rotate",
            help="Safe while the site runs, and safe to repeat if interrupted. "
            "Once it succeeds, the other keys can be removed.",
        )
        recheck = actions.add_parser(
            "recheck", help="Ask the API again about the keys that loopsweb has stopped using."
        )
        recheck.add_argument("--all", action="store_true", help="about every key")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "rotate":
            self.rotate()
        else:
            self.recheck(every=options["all"])

    def recheck(self, *, every: bool) -> None:
        """Report each key on a line of its own. Fails if one could not be asked about."""
        keys = Key.objects.select_related("owner", "workspace").order_by("workspace", "pk")
        failed = 0
        for key in keys if every else keys.exclude(state=KeyState.HEALTHY):
            by = system_actor(key.workspace.slug)
            try:
                result = recheck(key=key, by=by, now=timezone.now()).get_state_display()
            except LoopsError as error:
                failed += 1
                result = f"could not be checked. {error.plain}"
            except KeyUnusable as error:
                result = str(error)
            self.stdout.write(f"{key.workspace.slug}, {key.owner.email}, {key}: {result}")
        if failed:
            raise CommandError(f"{failed} key{pluralize(failed)} could not be checked.")

    def rotate(self) -> None:
        done = rotate_secrets(now=timezone.now(), report=self.stdout.write)
        self.stdout.write(
            f"Re-encrypted with ring key {cipher.get_ring().current!r}: "
            f"{done.keys} API key{pluralize(done.keys)}, "
            f"{done.second_factors} second factor{pluralize(done.second_factors)}."
        )
        if done.unreadable:
            unreadable = "\n".join(done.unreadable)
            raise CommandError(f"Could not be decrypted and were left unchanged:\n{unreadable}")
