"""Encrypting anew with the ring's first key, so that an older one can be taken out of the ring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from loopsweb import cipher
from loopsweb.accounts import second_factors
from loopsweb.keys.models import Key

OFTEN = 100


@dataclass(slots=True)
class Rotated:
    """How many secrets were encrypted anew, and in words which ones could not be read."""

    keys: int = 0
    second_factors: int = 0
    unreadable: list[str] = field(default_factory=list)


def rotate(*, say: Callable[[str], object] = len) -> Rotated:
    """Safe to repeat and to run beside a working site: a key replaced meanwhile is left alone.

    Each key is saved by itself, so one that is cut off goes on where it stopped. say: told of
    every hundredth key.
    """
    rotated = Rotated()
    waiting = Key.objects.exclude(ring_id=cipher.ring().current).select_related("owner")
    total = waiting.count()
    for number, key in enumerate(waiting, start=1):
        if number % OFTEN == 0:
            say(f"{number} of {total} API keys …")
        before = key.ciphertext
        try:
            key.put(key.secret())
        except cipher.CipherError as error:
            rotated.unreadable.append(f"API key {key} of {key.owner}: {error}")
            continue
        rotated.keys += Key.objects.filter(pk=key.pk, ciphertext=before).update(
            ciphertext=key.ciphertext, ring_id=key.ring_id
        )
    rotated.second_factors, unreadable = second_factors.rotate()
    rotated.unreadable += unreadable
    return rotated
