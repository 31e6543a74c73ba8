"""The errors that calls raise.

No error refers to a request, a response or a key: messages are redacted and shortened, and no
error is chained to the HTTP library's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

NOT_PRESIGNABLE = "NOT_PRESIGNABLE"  # the reason why files of a volume have no URLs

_MAY_HAVE_ACTED = {408, 460, 499}  # a proxy stopped waiting; the API may still act
_REFUSALS = frozenset(range(400, 500)) - _MAY_HAVE_ACTED
_SERVER_ERRORS = range(500, 600)


class LoopsError(Exception):
    """Any failure of a call.

    message: what happened in technical terms, safe to log and to show.
    plain: what happened and what to do next, for the user.
    may_have_been_received: False when the API certainly did nothing: no connection was made, or
        the API refused the request (4xx, except for the timeouts 408, 460 and 499).
    """

    sentence: ClassVar[str] = "The request to the Loops API failed. Try again."
    is_outage: ClassVar[bool] = True  # False if the API understood the question and refused it

    def __init__(self, message: str, *, may_have_been_received: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.may_have_been_received = may_have_been_received

    @property
    def plain(self) -> str:
        return self.sentence.format(error=self)


class ConnectionFailed(LoopsError):
    """No connection could be made, or it was lost before the response was complete."""

    @property
    def plain(self) -> str:
        if self.may_have_been_received:
            return "The connection to the Loops API was lost during the request. Try again."
        return "The Loops API cannot be reached. Check the API URL and the network, then try again."


class TimedOut(LoopsError):
    """No connection or no complete response before the time limit."""

    sentence = "The Loops API did not answer in time. Try again in a moment."


class MalformedResponse(LoopsError):
    """A response with a successful status whose body is not what the route promises."""

    sentence = (
        "The Loops API sent a response that cannot be read. "
        "Check the API URL: a proxy may have answered instead."
    )


class KeyInResponse(MalformedResponse):
    """The response has the API key in it, as logs may. It is not read."""

    sentence = (
        "The Loops API's answer contains the API key itself, so it is not shown. Replace the key: "
        "whoever sees the source of this answer knows it."
    )


class ResponseTooLarge(LoopsError):
    """The response body is larger than the limit."""

    sentence = "The Loops API sent a response that is too large to read."


class RedirectRefused(LoopsError):
    """The response is a redirect. It is not followed: the key is sent to one origin only."""

    sentence = (
        "The Loops API answered with a redirect, which is not followed to protect the API key. "
        "Check the API URL."
    )


class AmbiguousName(LoopsError):
    """Legacy files are found by the checkpoint's name, and another checkpoint has the same one.

    Nothing was changed.
    """

    sentence = (
        "This server's older API finds files by the checkpoint's name only, and the run has "
        "another checkpoint of this name. Which files are whose cannot be told."
    )


class StatusError(LoopsError):
    """A response with an error status.

    status: the HTTP status. reason: the API's stable `details.reason`, if it gave one.
    retry_after: seconds to wait before the next request, if the API gave them.
    fields: {field of the request: what is wrong with it}, if the API said so field by field.
    """

    sentence = "The Loops API answered with status {error.status}: {error.message}"
    is_outage = False

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        reason: str | None = None,
        retry_after: float | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, may_have_been_received=status not in _REFUSALS)
        self.fields = fields or {}
        self.status = status
        self.reason = reason
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.status}: {self.message}"


class BadRequest(StatusError):
    sentence = "The Loops API refused the request: {error.message}"


class Unauthorized(StatusError):
    sentence = "The Loops API rejected this API key. Replace it with a valid one."


class Forbidden(StatusError):
    sentence = "This API key lacks the scope that the request needs. Use a key that has it."


class NotFound(StatusError):
    sentence = "The Loops API did not find it, or this API key may not see it."


class Conflict(StatusError):
    sentence = "The Loops API refused the request because of the current state: {error.message}"


class RateLimited(StatusError):
    sentence = (
        "This API key has sent too many requests to the Loops API. "
        "Wait {error.wait}, then try again."
    )

    @property
    def wait(self) -> str:
        return "a moment" if self.retry_after is None else f"{self.retry_after:.0f} seconds"


class ServerError(StatusError):
    is_outage = True
    sentence = "The Loops API had an internal error (status {error.status}). Try again later."


# Any other question would meet them as well, as far as one can tell.
GENERAL = (Unauthorized, RateLimited, ConnectionFailed)

_BY_STATUS: dict[int, type[StatusError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: BadRequest,
    429: RateLimited,
}


def get_error_class(status: int) -> type[StatusError]:
    """The error class for an HTTP status."""
    return _BY_STATUS.get(status, ServerError if status in _SERVER_ERRORS else StatusError)
