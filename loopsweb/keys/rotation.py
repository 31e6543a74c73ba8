"""Encrypting anew with the ring's first key, so that an older one can be taken out of the ring, and
bound to all that a key is bound to today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from loopsweb import cipher
from loopsweb.accounts.auth import mfa_rotation
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import nobody
from loopsweb.keys.actions import tell
from loopsweb.keys.models import Key

OFTEN = 100


@dataclass(slots=True)
class Rotated:
    """How many secrets were encrypted anew, and in words which ones could not be read."""

    keys: int = 0
    second_factors: int = 0
    unreadable: list[str] = field(default_factory=list)


def rotate(*, now: datetime, say: Callable[[str], object] = len) -> Rotated:
    """Safe to repeat and to run beside a working site: a key replaced meanwhile is left alone.

    Each key is saved by itself, with its event, so one that is cut off goes on where it stopped.
    say: told of every hundredth key.
    """
    rotated = Rotated()
    keys = Key.objects.select_related("owner", "workspace")
    waiting = [key for key in keys if not key.is_sealed_as_now]
    total = len(waiting)
    for number, key in enumerate(waiting, start=1):
        if number % OFTEN == 0:
            say(f"{number} of {total} API keys …")
        try:
            rotated.keys += rotate_one(key, now=now)
        except cipher.CipherError as error:
            rotated.unreadable.append(f"API key {key} of {key.owner}: {error}")
    rotated.second_factors, unreadable = mfa_rotation.rotate()
    rotated.unreadable += unreadable
    return rotated


@transaction.atomic
def rotate_one(key: Key, *, now: datetime) -> bool:
    """Whether it was; False where another secret took its place. Raises CipherError."""
    ciphertext, ring_id = key.ciphertext, key.ring_id
    key.put(key.secret())
    anew = {"ciphertext": key.ciphertext, "ring_id": key.ring_id}
    if not Key.objects.filter(pk=key.pk, ciphertext=ciphertext).update(**anew):
        return False
    rings = {"ring_key_before": ring_id, "ring_key": key.ring_id}
    tell(key, "key.rotate", Outcome.SUCCEEDED, by=nobody(key.workspace.slug), now=now, answer=rings)
    return True
