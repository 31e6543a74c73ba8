"""From whatever went wrong to a typed error that keeps nothing but redacted words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from loopsweb.loops_api import errors
from loopsweb.loops_api.secret import Key

_DEEPEST = 4
_LONGEST_WAIT = 86_400.0


def failure(error: Exception, key: Key) -> errors.LoopsError:
    """Our error for one of the HTTP library's, keeping nothing of it but redacted words."""
    message = key.redact(f"{type(error).__name__}: {error}")
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return errors.TimedOut(message, may_have_been_received=False)
        case httpx.TimeoutException():
            return errors.TimedOut(message)
        case httpx.ConnectError() | httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return errors.ConnectionFailed(message, may_have_been_received=False)
        case httpx.DecodingError():
            return errors.MalformedAnswer(message)
    return errors.ConnectionFailed(message)


def refusal(
    *, status: int, headers: Mapping[str, str], body: bytes, key: Key, now: datetime
) -> errors.StatusError:
    """The error for an answer. `now` gives a Retry-After date its length in seconds."""
    content = _decoded(body)
    details = content.get("details") if isinstance(content, dict) else None
    reason = details.get("reason") if isinstance(details, dict) else None
    waits = (
        _seconds(headers.get("retry-after"), now),
        _seconds(content.get("retry_after"), now) if isinstance(content, dict) else None,
    )
    return errors.class_for(status)(
        key.redact(_message(content) or "") or f"no explanation was given (status {status})",
        status=status,
        reason=key.redact(reason) if isinstance(reason, str) else None,
        retry_after=max((wait for wait in waits if wait is not None), default=None),
    )


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None


def _message(content: Any, depth: int = 0) -> str | None:
    """The first text under message, error or detail, looked for inside objects and lists too."""
    if isinstance(content, str):
        return content.strip() or None if depth else None
    if depth == _DEEPEST:
        return None
    if isinstance(content, dict):
        inner = [content.get(name) for name in ("message", "error", "detail", "msg")]
    else:
        inner = content[:3] if isinstance(content, list) and depth else []
    return next((found for item in inner if (found := _message(item, depth + 1))), None)


def _seconds(value: Any, now: datetime) -> float | None:
    """Seconds to wait, from a number, its text or an HTTP date; from none to a day."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        seconds = _until(str(value), now)
    return min(max(seconds, 0.0), _LONGEST_WAIT) if math.isfinite(seconds) else None


def _until(http_date: str, now: datetime) -> float:
    try:
        at = parsedate_to_datetime(http_date)
    except (ValueError, OverflowError):
        return math.nan
    return (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
