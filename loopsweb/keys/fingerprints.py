"""Identifies a key without revealing it: its fingerprint and the few characters that may show."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.crypto import salted_hmac

VISIBLE_END = 4
LONGEST_HIDDEN = 8


def compute_fingerprint(secret: str) -> str:
    """Return 32 hex digits of an HMAC under SECRET_KEY; equal keys have equal fingerprints."""
    return salted_hmac("loopsweb.keys.fingerprint", secret, algorithm="sha256").hexdigest()[:32]


class VisibleEnds(NamedTuple):
    prefix: str
    last4: str


def get_visible_ends(secret: str) -> VisibleEnds:
    """Split `<prefix>.<secret>`. Both ends are empty if the secret part is too short to show."""
    prefix, dot, tail = secret.partition(".")
    if not dot:
        prefix, tail = "", secret
    if len(tail) <= LONGEST_HIDDEN:
        return VisibleEnds(prefix="", last4="")
    return VisibleEnds(prefix=prefix[:32], last4=tail[-VISIBLE_END:])
