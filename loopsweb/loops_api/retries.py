"""Decides when a GET is retried."""

from __future__ import annotations

import random

from loopsweb.loops_api import errors
from loopsweb.loops_api.request_limits import Limits

MIN_BACKOFF, MAX_BACKOFF, JITTER = 0.2, 2.0, 0.5  # seconds


def choose_retry_wait(error: Exception, *, limits: Limits, left: float) -> bool | float:
    """False for no retry, True for the usual backoff, or the seconds to wait before the retry.

    left: seconds until the call's deadline.
    """
    is_retried = limits.retries_answers or isinstance(error, errors.ConnectionFailed)
    if left <= MAX_BACKOFF or not is_retried:
        return False
    match error:
        case errors.RateLimited() | errors.ServerError() if error.retry_after is not None:
            wait = error.retry_after + random.uniform(0, JITTER)  # noqa: S311  (jitter, no secret)
            return wait if error.retry_after <= limits.max_retry_after and wait < left else False
        case errors.RateLimited() | errors.ServerError() | errors.ConnectionFailed():
            return True
        case errors.TimedOut():
            return not error.may_have_been_received
    return False
