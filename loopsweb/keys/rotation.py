"""Re-encrypts stored secrets with the ring's first key, so that older ring keys can be removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from loopsweb import cipher
from loopsweb.accounts.auth import mfa
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import system_actor
from loopsweb.keys.actions import record_key_event
from loopsweb.keys.models import Key


@dataclass(slots=True)
class RotationResult:
    """The numbers of re-encrypted secrets, and a sentence for each that could not be read."""

    keys: int = 0
    second_factors: int = 0
    unreadable: list[str] = field(default_factory=list)


def rotate_secrets(
    *, now: datetime, report: Callable[[str], object], report_every: int = 100
) -> RotationResult:
    """Re-encrypt all keys and second factors.

    Safe to repeat and to run while the site is up; keys replaced meanwhile are skipped. Each key
    is committed with its audit event, so an interrupted run can continue.
    report: called with a progress line every `report_every` keys.
    """
    result = RotationResult()
    keys = Key.objects.select_related("owner", "workspace")
    waiting = [key for key in keys if not key.is_encryption_current]
    for number, key in enumerate(waiting, start=1):
        if number % report_every == 0:
            report(f"{number} of {len(waiting)} API keys …")
        try:
            result.keys += rotate_key(key, now=now)
        except cipher.CipherError as error:
            result.unreadable.append(f"API key {key} of {key.owner}: {error}")
    result.second_factors, unreadable = mfa.reencrypt_mfa_secrets()
    result.unreadable += unreadable
    return result


@transaction.atomic
def rotate_key(key: Key, *, now: datetime) -> bool:
    """Return False if the secret was replaced meanwhile. Raises CipherError."""
    ciphertext, ring_id = key.ciphertext, key.ring_id
    key.set_secret(key.decrypt_secret())
    changes = {"ciphertext": key.ciphertext, "ring_id": key.ring_id}
    if not Key.objects.filter(pk=key.pk, ciphertext=ciphertext).update(**changes):
        return False
    rings = {"ring_key_before": ring_id, "ring_key": key.ring_id}
    by = system_actor(key.workspace.slug)
    record_key_event(key, "key.rotate", Outcome.SUCCEEDED, by=by, now=now, answer=rings)
    return True
