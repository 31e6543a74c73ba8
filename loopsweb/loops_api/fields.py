"""Reading one field of foreign JSON: the value when it has the right type, else None."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

_LARGEST_INTEGER = 2**63 - 1
_EXACT_IN_A_FLOAT = 2**53
_MOST_MONEY = 10**6
_MOST_DIGITS = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHORTEST_TIMESTAMP = len("2025-05-07T10:00")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def text(value: Any) -> str | None:
    """NUL, which no database takes, is shown as the replacement sign."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else None


def identifier(*values: Any) -> str | None:
    """The first value that is text and can stand in a URL: not empty, not `.` or `..`, and
    without control characters."""
    texts = (value for value in values if isinstance(value, str))
    fit = (value for value in texts if value not in {"", ".", ".."} and not _CONTROL.search(value))
    return next(fit, None)


def count(value: Any) -> int | None:
    """An integer from 0 to 2^63 - 1, exact. `5.0` is the integer 5; a boolean is no number."""
    if isinstance(value, float) and value.is_integer() and value < _EXACT_IN_A_FLOAT:
        value = int(value)
    if type(value) is int and 0 <= value <= _LARGEST_INTEGER:
        return value
    return None


def flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def mapping(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def inner(value: Any, name: str) -> str | None:
    """The text at `name` inside an object: `status.name`, `user.email`."""
    return text(value.get(name)) if isinstance(value, dict) else None


def moment(value: Any) -> datetime | None:
    """An ISO 8601 timestamp as aware UTC; one without an offset is taken as UTC."""
    if not isinstance(value, str) or len(value) < _SHORTEST_TIMESTAMP:
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def epoch_nanoseconds(value: Any) -> datetime | None:
    """Nanoseconds since 1970, as text or number, cut to microseconds."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return _EPOCH + timedelta(microseconds=int(value) // 1_000)
    except (ValueError, OverflowError):
        return None


def money(value: Any) -> Decimal | None:
    """An amount from 0 to below a million, exactly as the API wrote it, in at most 40 digits."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    if not amount.is_finite() or not 0 <= amount < _MOST_MONEY:
        return None
    _, digits, exponent = amount.as_tuple()
    is_short = len(digits) <= _MOST_DIGITS and -_MOST_DIGITS <= int(exponent) <= _MOST_DIGITS
    return amount if is_short else None
