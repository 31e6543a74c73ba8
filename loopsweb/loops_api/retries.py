"""When a GET is asked again."""

from __future__ import annotations

import random

from loopsweb.loops_api import errors
from loopsweb.loops_api.bounds import Limits

LONGEST_BACKOFF = 2.0


def wait_before_retry(error: Exception, *, limits: Limits, left: float) -> bool | float:
    """Whether to ask again: False, True for the usual backoff, or the seconds to wait first.

    left: seconds until the call's deadline.
    """
    if left <= LONGEST_BACKOFF:
        return False
    match error:
        case errors.RateLimited() | errors.ServerError() if error.retry_after is not None:
            wait = error.retry_after + random.uniform(0, 0.5)  # noqa: S311  (spreads, no secret)
            return wait if error.retry_after <= limits.longest_wait and wait < left else False
        case errors.RateLimited() | errors.ServerError() | errors.ConnectionFailed():
            return True
        case errors.TimedOut():
            return not error.may_have_been_received
    return False
