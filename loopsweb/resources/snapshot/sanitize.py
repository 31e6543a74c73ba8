"""Make foreign values fit the database: it takes no NUL, no endless text, no endless number."""

from __future__ import annotations

from typing import Any

ID_LENGTH = 255  # a longer id is not an id: the row is left out
MAX_INTEGER = 2**31 - 1
MAX_BIGINT = 2**63 - 1


def fit(value: Any, *, max_length: int | None, largest: int = MAX_INTEGER) -> Any:
    """Text without NUL and cut to length, "" for no text; a number up to `largest`, or None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= largest else None
    if not isinstance(value, str):
        return value
    value = value.replace("\x00", "\ufffd")
    if max_length and len(value) > max_length:
        return value[: max_length - 1] + "…"
    return value


def fit_json(value: Any) -> Any:
    """The same JSON with NUL, which PostgreSQL refuses in text, shown as the replacement sign."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, list):
        return [fit_json(item) for item in value]
    if isinstance(value, dict):
        return {fit_json(key): fit_json(item) for key, item in value.items()}
    return value
