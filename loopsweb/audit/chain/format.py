"""The chain: each event is one link, bound by SHA-256 to all before it. Standard library only.

Canonical JSON here is RFC 8785 for what events hold: text, integers within ±2^53, true, false,
null, lists and objects; no fractions. Keys are sorted by code point, nothing is escaped that need
not be, and there is no white space. A link's digest is the SHA-256 of the previous digest, a line
feed and the canonical body, in lower-case hex; before the first link stand 64 zeros.

What could name a person is not in the body: a salted hash of it is, so that it can be erased
later and the chain still holds.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

GENESIS = "0" * 64
PERSONAL = ("person", "address", "target_owner", "reason")
LARGEST = 2**53
LONGEST_TEXT = 5000


def canonical(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def link(previous: str, body: dict[str, Any]) -> str:
    """The digest of the link with this body that follows the link `previous`."""
    return hashlib.sha256(previous.encode() + b"\n" + canonical(body)).hexdigest()


def commitment(value: str, salt: str) -> str:
    """What the body holds in place of a personal value."""
    return hashlib.sha256(canonical([salt, value])).hexdigest()


def storable(value: Any) -> Any:
    """The same JSON without what canonical JSON or a database would not give back as it was."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST else str(value)
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {text(str(key)): storable(item) for key, item in value.items()}
    return text(str(value))


def text(value: str) -> str:
    """Text that every database and UTF-8 can hold: no NUL, no half of a surrogate pair, no end
    out of sight."""
    whole = value[:LONGEST_TEXT].encode("utf-8", "replace").decode()
    return whole.replace("\x00", "\ufffd")
