"""The format of a chain: each event is one link, whose digest covers all links before it.

A link's digest is the SHA-256 of the previous digest, a line feed and the body as canonical JSON,
in lower-case hex. The first link follows 64 zeros. Canonical JSON is RFC 8785 without fractions:
text, integers within ±2^53, true, false, null, lists and objects; keys sorted by code point, no
white space, no needless escapes.

Personal values are not in the body, only their salted hashes: they can be erased and the chain
still verifies.

Standard library only.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

GENESIS = "0" * 64
PERSONAL = ("person", "address", "target_owner", "reason")
LARGEST = 2**53
LONGEST_TEXT = 5000


encoder = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def encode_canonical_json(value: Any) -> bytes:
    return encoder.encode(value).encode()


def hash_link(previous: str, body: dict[str, Any]) -> str:
    """The digest of the link with this body; `previous` is the digest of the link before it."""
    return hashlib.sha256(previous.encode() + b"\n" + encode_canonical_json(body)).hexdigest()


def hash_personal_value(value: str, salt: str) -> str:
    """The hash that stands in the body for a personal value."""
    return hashlib.sha256(encode_canonical_json([salt, value])).hexdigest()


def make_storable(value: Any) -> Any:
    """The same JSON with everything replaced that a database or canonical JSON would alter."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST else str(value)
    if isinstance(value, list | tuple):
        return [make_storable(item) for item in value]
    if isinstance(value, dict):
        return {sanitize_text(str(key)): make_storable(item) for key, item in value.items()}
    return sanitize_text(str(value))


def sanitize_text(value: str) -> str:
    """At most LONGEST_TEXT characters, without NULs and lone surrogates."""
    if value.isascii() and "\x00" not in value:
        return str(value[:LONGEST_TEXT])
    valid = value[:LONGEST_TEXT].encode("utf-8", "replace").decode()
    return valid.replace("\x00", "\ufffd")
