"""The secrets of second factors, which allauth keeps as our adapter encrypted them."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator

from loopsweb import cipher
from loopsweb.accounts.auth.adapter import PURPOSE

SECRETS = ("secret", "seed", "migrated_codes")


def rotate() -> tuple[int, list[str]]:
    """How many were encrypted anew with the ring's first key, and which ones could not be read."""
    count, unreadable = 0, []
    for factor in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN):
        before = factor.data
        try:
            after = {name: _anew(value) for name, value in before.items() if name in SECRETS}
        except cipher.CipherError as error:
            unreadable.append(f"Second factor of {factor.user}: {error}")
            continue
        if any(before[name] != value for name, value in after.items()):
            factor.data = {**before, **after}
            factor.save(update_fields=["data"])
            count += 1
    return count, unreadable


def _anew(value: Any) -> Any:
    if isinstance(value, list):
        return [_anew(each) for each in value]
    ring = cipher.ring()
    if cipher.ring_id_of(value) == ring.current:
        return value
    return ring.encrypt(ring.decrypt(value, purpose=PURPOSE), purpose=PURPOSE)
