"""Maps transport errors and error responses to LoopsErrors with redacted messages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from loopsweb.loops_api import errors
from loopsweb.loops_api.api_key import ApiKey

_MAX_DEPTH = 4
_MAX_FIELDS = 20
_MAX_WAIT = 86_400.0


def map_transport_error(error: Exception, key: ApiKey) -> errors.LoopsError:
    """The LoopsError for an error of the HTTP library. It keeps nothing but a redacted message."""
    message = key.redact(f"{type(error).__name__}: {error}")
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return errors.TimedOut(message, may_have_been_received=False)
        case httpx.TimeoutException():
            return errors.TimedOut(message)
        case httpx.ConnectError() | httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return errors.ConnectionFailed(message, may_have_been_received=False)
        case httpx.DecodingError():
            return errors.MalformedResponse(message)
    return errors.ConnectionFailed(message)


def map_error_response(
    *, status: int, headers: Mapping[str, str], body: bytes | bytearray, key: ApiKey, now: datetime
) -> errors.StatusError:
    """The StatusError for an error response. `now` turns a Retry-After date into seconds."""
    content = _decode_json(body)
    fields = content if isinstance(content, dict) else {}
    details = fields.get("details")
    reason = details.get("reason") if isinstance(details, dict) else None
    given = (headers.get("retry-after"), fields.get("retry_after"))
    waits = (_parse_seconds(value, now) for value in given)
    return errors.get_error_class(status)(
        key.redact(_find_message(content) or "")
        or f"the response gave no reason (status {status})",
        status=status,
        reason=key.redact(reason) if isinstance(reason, str) else None,
        retry_after=max((wait for wait in waits if wait is not None), default=None),
        fields={key.redact(n): key.redact(said) for n, said in _find_fields(fields.get("detail"))},
    )


def _decode_json(body: bytes | bytearray) -> Any:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None


def _find_message(content: Any, depth: int = 0) -> str | None:
    """The first text under message, error, detail or msg, nested ones included."""
    if isinstance(content, str):
        return content.strip() or None if depth else None
    if depth == _MAX_DEPTH:
        return None
    if isinstance(content, dict):
        inner = [content.get(name) for name in ("message", "error", "detail", "msg")]
    else:
        inner = content[:3] if isinstance(content, list) and depth else []
    return next((found for item in inner if (found := _find_message(item, depth + 1))), None)


def _find_fields(detail: Any) -> Iterator[tuple[str, str]]:
    """(field, message) of each entry of a 422's `detail`: {"loc": ["body", field], "msg": …}."""
    for entry in detail[:_MAX_FIELDS] if isinstance(detail, list) else ():
        match entry:
            case {"loc": [*_, str(name)], "msg": str(said)}:
                yield name, said


def _parse_seconds(value: Any, now: datetime) -> float | None:
    """Seconds to wait, 0 to a day, from a number, its text or an HTTP date."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        seconds = _seconds_until(str(value), now)
    return min(max(seconds, 0.0), _MAX_WAIT) if math.isfinite(seconds) else None


def _seconds_until(http_date: str, now: datetime) -> float:
    try:
        at = parsedate_to_datetime(http_date)
    except (ValueError, OverflowError):
        return math.nan
    return (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
