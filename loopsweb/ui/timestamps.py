from __future__ import annotations

from datetime import UTC, datetime


def format_utc(time: datetime) -> str:
    """Format in ISO 8601 and UTC, as in 2026-05-04T12:30:00Z."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def format_minute(time: datetime) -> str:
    """Format for a sentence, in UTC, as in 2026-05-04 12:30 UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def parse_utc(text: str) -> datetime:
    """A time in ISO 8601, in UTC unless it says otherwise. Raises ValueError."""
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from error
