"""What can go wrong on the wire, as a small tree of exceptions.

No error holds a request, a response or a key: `message` has been redacted and shortened
before it gets here, and nothing is chained to the HTTP library's own exception.
"""

from __future__ import annotations

from typing import ClassVar

_GIVEN_UP = {408, 460, 499}  # somebody on the way stopped waiting; the API may go on
_REFUSALS = frozenset(range(400, 500)) - _GIVEN_UP
_FAULTS = range(500, 600)


class LoopsError(Exception):
    """Any failure of a call.

    message: what happened, in technical words, safe to log and to show.
    plain: a sentence for people: what happened and what to do next.
    may_have_been_received: False when the API surely did nothing: the connection was never made,
        or it answered with a refusal (4xx, but for those that tell of a wait given up). True when
        it may have acted and we cannot tell.
    """

    sentence: ClassVar[str] = "The Loops API could not be asked."

    def __init__(self, message: str, *, may_have_been_received: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.may_have_been_received = may_have_been_received

    @property
    def plain(self) -> str:
        return self.sentence.format(error=self)


class ConnectionFailed(LoopsError):
    """No connection could be made, or it broke before the answer was complete."""

    @property
    def plain(self) -> str:
        if self.may_have_been_received:
            return (
                "The connection to the Loops API broke before its answer was complete. Try again."
            )
        return "The Loops API cannot be reached. Check its address and the network, then try again."


class TimedOut(LoopsError):
    """No connection, or no complete answer, in the time allowed."""

    sentence = "The Loops API did not answer in time. Try again in a moment."


class MalformedAnswer(LoopsError):
    """A successful status whose body is not what the route promises."""

    sentence = (
        "The Loops API answered with something this dashboard cannot read. "
        "Check the API address; a proxy may have answered in its place."
    )


class AnswerTooLarge(LoopsError):
    """The body grew beyond the limit and was not read to its end."""

    sentence = "The Loops API sent an answer that is too large to read."


class RedirectRefused(LoopsError):
    """The answer was a redirect. It is not followed: the key belongs to one address only."""

    sentence = (
        "The Loops API answered with a redirect, which is not followed because it would "
        "carry the key elsewhere. Check the API address."
    )


class StatusError(LoopsError):
    """An answer with an error status.

    status: the HTTP status. reason: the API's stable `details.reason`, if it gave one.
    retry_after: seconds the API asked to wait, if it did.
    """

    sentence = "The Loops API answered with status {error.status}: {error.message}"

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        reason: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, may_have_been_received=status not in _REFUSALS)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.status}: {self.message}"


class BadRequest(StatusError):
    sentence = "The Loops API refused the request: {error.message}"


class Unauthorized(StatusError):
    sentence = "The Loops API does not know this key. Replace it with one that is valid."


class Forbidden(StatusError):
    sentence = "This key may not do that: it lacks the scope the Loops API asks for."


class NotFound(StatusError):
    sentence = "The Loops API has no such thing, or this key may not see it."


class Conflict(StatusError):
    sentence = "The Loops API refused because of the present state: {error.message}"


class RateLimited(StatusError):
    sentence = (
        "The Loops API is being asked too often with this key. Wait {error.wait}, then try again."
    )

    @property
    def wait(self) -> str:
        return "a moment" if self.retry_after is None else f"{self.retry_after:.0f} seconds"


class ServerError(StatusError):
    sentence = "The Loops API has a fault of its own (status {error.status}). Try again later."


_BY_STATUS: dict[int, type[StatusError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
}


def class_for(status: int) -> type[StatusError]:
    """The error class of an HTTP status: the one place where statuses get their meaning."""
    return _BY_STATUS.get(status, ServerError if status in _FAULTS else StatusError)
