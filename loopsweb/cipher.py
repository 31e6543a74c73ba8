"""Encrypts stored secrets with AES-256-GCM and a ring of keys.

A blob is text: `v1:<ring id>:<base64 of nonce, ciphertext and tag>`. Version, ring id, purpose and
place are authenticated, so a blob that was copied elsewhere or relabelled does not decrypt.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

VERSION = "v1"
NONCE_BYTES = 12
KEY_BYTES = 32
_RING_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")


class CipherError(Exception):
    """A stored secret cannot be decrypted. The message is for people and contains no secret."""


class UnknownRingKey(CipherError):
    """The ring does not contain the key that a blob was encrypted with."""

    def __init__(self, ring_id: str) -> None:
        super().__init__(
            f"This secret was encrypted with the ring key {ring_id!r}, which LOOPSWEB_SECRET_KEYS "
            f"does not hold. Add {ring_id!r} to it again, or enter the secret again."
        )
        self.ring_id = ring_id


class Undecryptable(CipherError):
    def __init__(self) -> None:
        super().__init__(
            "This stored secret is damaged or was copied from another place. Enter it again."
        )


class KeyRing:
    """Ordered keys by id. The first encrypts, all decrypt."""

    def __init__(self, text: str) -> None:
        """Parse comma-separated `id:base64 of 32 bytes` entries. Raises ImproperlyConfigured."""
        self._keys: dict[str, AESGCM] = {}
        for number, entry in enumerate(text.split(","), start=1):
            ring_id, _, encoded = entry.strip().partition(":")
            if not _RING_ID.fullmatch(ring_id) or ring_id in self._keys:
                raise ImproperlyConfigured(
                    f"LOOPSWEB_SECRET_KEYS, entry {number}: an entry is `id:base64 of 32 bytes`, "
                    "with a unique id of letters, digits, dots, dashes and underscores."
                )
            self._keys[ring_id] = AESGCM(_decode_key(encoded, number))
        self.ids = tuple(self._keys)
        self.current = self.ids[0]

    def __repr__(self) -> str:
        return f"<Ring {', '.join(self._keys)}>"

    def encrypt(self, secret: str, *, purpose: str, place: tuple[str, ...] = ()) -> str:
        """place: where the blob is stored, such as its row; decrypting needs the same."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        associated = _build_associated_data(self.current, purpose, place)
        sealed = self._keys[self.current].encrypt(nonce, secret.encode(), associated)
        return f"{VERSION}:{self.current}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, blob: str, *, purpose: str, place: tuple[str, ...] = ()) -> str:
        """Raises UnknownRingKey, or Undecryptable if damaged or bound to another place."""
        version, ring_id, encoded = (*blob.split(":"), "", "")[:3]
        if version != VERSION:
            raise Undecryptable
        if ring_id not in self._keys:
            raise UnknownRingKey(ring_id)
        try:
            sealed = base64.b64decode(encoded, validate=True)
            nonce, sealed = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            opened = self._keys[ring_id].decrypt(
                nonce, sealed, _build_associated_data(ring_id, purpose, place)
            )
        except (binascii.Error, ValueError, InvalidTag):
            raise Undecryptable from None
        return opened.decode()


def parse_ring_id(blob: str) -> str:
    """Raises Undecryptable if `blob` is not a blob."""
    _, colon, rest = blob.partition(":")
    if not colon:
        raise Undecryptable
    return rest.partition(":")[0]


def get_ring() -> KeyRing:
    return _load_ring(settings.LOOPSWEB_SECRET_KEYS)


@lru_cache(maxsize=4)
def _load_ring(text: str) -> KeyRing:
    return KeyRing(text)


def _decode_key(encoded: str, number: int) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(
            f"LOOPSWEB_SECRET_KEYS, entry {number}: the part after the colon is not the base64 of "
            f"exactly {KEY_BYTES} bytes. `openssl rand -base64 32` generates one."
        )
    return key


def _build_associated_data(ring_id: str, purpose: str, place: tuple[str, ...]) -> bytes:
    return json.dumps([VERSION, ring_id, purpose, *place]).encode()
