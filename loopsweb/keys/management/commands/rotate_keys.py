from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loopsweb import cipher
from loopsweb.keys.rotation import rotate


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret with the first key of LOOPSWEB_SECRET_KEYS. "
        "After that the others can be taken out of it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = rotate()
        self.stdout.write(
            f"Encrypted anew with ring key {cipher.ring().current!r}: "
            f"{done.keys} API keys, {done.second_factors} second factors."
        )
        if done.unreadable:
            raise CommandError("Not readable, so left as they are:\n" + "\n".join(done.unreadable))
