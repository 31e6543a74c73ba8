"""What may be known about a key without knowing it: a fingerprint, and the ends of it to show."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.crypto import salted_hmac

SHOWN_AT_THE_END = 4
TOO_SHORT_TO_SHOW = 8


def fingerprint(secret: str) -> str:
    """32 hex digits of an HMAC under SECRET_KEY: equal for equal keys, telling nothing of them."""
    return salted_hmac("loopsweb.keys.fingerprint", secret, algorithm="sha256").hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Ends:
    prefix: str
    last4: str


def ends(secret: str) -> Ends:
    """A real key is `<prefix>.<secret>`. Of one with a short secret part nothing is shown."""
    prefix, dot, tail = secret.partition(".")
    if not dot:
        prefix, tail = "", secret
    if len(tail) <= TOO_SHORT_TO_SHOW:
        return Ends(prefix="", last4="")
    return Ends(prefix=prefix[:32], last4=tail[-SHOWN_AT_THE_END:])
