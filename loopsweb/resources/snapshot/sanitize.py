"""Make values from the API fit the database: no NUL, no overlong text, no overlarge number."""

from __future__ import annotations

from typing import Any

BYTES = 3
ID_LENGTH = 255  # objects with a longer id are left out
MAX_INTEGER = 2**31 - 1
MAX_BIGINT = 2**63 - 1


def fit_value(value: Any, *, max_length: int | None, largest: int = MAX_INTEGER) -> Any:
    """Text without NUL and cut to `max_length` characters, of at most BYTES bytes each on average,
    so that an index may hold three of them; a number beyond `largest` becomes None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= largest else None
    if not isinstance(value, str):
        return value
    value = value.replace("\x00", "\ufffd")
    if max_length and (len(value) > max_length or count_bytes(value) > BYTES * max_length):
        encoded = value[: max_length - 1].encode("utf-8", "replace")
        return encoded[: BYTES * (max_length - 1)].decode("utf-8", "ignore") + "…"
    return value


def count_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def replace_nul(value: Any) -> Any:
    """The same JSON with the replacement character for NUL, which PostgreSQL refuses in text."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, list):
        return [replace_nul(item) for item in value]
    if isinstance(value, dict):
        return {replace_nul(key): replace_nul(item) for key, item in value.items()}
    return value
