"""Parsers of single JSON fields: the value if it has the right type, else None."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

_MAX_INTEGER = 2**63 - 1
_MAX_EXACT_FLOAT = 2**53
_MAX_AMOUNT = 10**6
_MAX_DIGITS = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MIN_TIMESTAMP_LENGTH = len("2025-05-07T10:00")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def parse_text(value: Any) -> str | None:
    """Text. NUL, which databases refuse, becomes the replacement character."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else None


def parse_identifier(*values: Any) -> str | None:
    """The first value that is text and fits into a URL: not empty, `.` or `..`, and without
    control characters."""
    texts = (value for value in values if isinstance(value, str))
    fit = (value for value in texts if value not in {"", ".", ".."} and not _CONTROL.search(value))
    return next(fit, None)


def parse_count(value: Any) -> int | None:
    """An integer from 0 to 2^63 - 1. `5.0` is the integer 5; a boolean is not a number."""
    if isinstance(value, float) and value.is_integer() and value < _MAX_EXACT_FLOAT:
        value = int(value)
    if type(value) is int and 0 <= value <= _MAX_INTEGER:
        return value
    return None


def parse_boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def parse_object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def parse_texts(value: Any) -> tuple[str, ...] | None:
    """The texts of a list; other elements are left out."""
    if not isinstance(value, list):
        return None
    return tuple(text for one in value if (text := parse_text(one)) is not None)


def parse_inner_text(value: Any, name: str) -> str | None:
    """The text under `name` in an object, as in `status.name` and `user.email`."""
    return parse_text(value.get(name)) if isinstance(value, dict) else None


def parse_timestamp(value: Any) -> datetime | None:
    """An ISO 8601 timestamp as aware UTC. One without an offset is UTC."""
    if not isinstance(value, str) or len(value) < _MIN_TIMESTAMP_LENGTH:
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_epoch_nanoseconds(value: Any) -> datetime | None:
    """A time from nanoseconds since 1970, text or integer, truncated to microseconds."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return _EPOCH + timedelta(microseconds=int(value) // 1_000)
    except (ValueError, OverflowError):
        return None


def parse_amount(value: Any) -> Decimal | None:
    """An amount from 0 to below a million, exact, in at most 40 digits."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    if not amount.is_finite() or not 0 <= amount < _MAX_AMOUNT:
        return None
    _, digits, exponent = amount.as_tuple()
    is_short = len(digits) <= _MAX_DIGITS and -_MAX_DIGITS <= int(exponent) <= _MAX_DIGITS
    return amount if is_short else None
