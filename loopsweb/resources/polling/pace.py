"""How long to wait until the next poll with a key."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from loopsweb.loops_api import errors
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.viewers import is_viewed

MAX_BACK_OFF = timedelta(seconds=26)
MAX_RETRY_AFTER = timedelta(minutes=15)  # whatever the API says
CONFIRM_AFTER = timedelta(seconds=90)  # of refusals; then the key is no longer used
CONFIRM_INTERVAL = timedelta(seconds=20)
MAX_RETRY_INTERVAL = timedelta(hours=1)  # of a key that is no longer used


def compute_wait(
    state: PollState, *, failures: Iterable[errors.LoopsError], is_busy: bool
) -> timedelta:
    """POLL_BUSY_SECONDS while something changes, is viewed or fails, else POLL_QUIET_SECONDS."""
    busy = timedelta(seconds=settings.POLL_BUSY_SECONDS)
    quiet = timedelta(seconds=settings.POLL_QUIET_SECONDS)
    spread = random.uniform(0.85, 1.15)  # noqa: S311 (spreads load, is no secret)
    asked = [timedelta(seconds=getattr(one, "retry_after", None) or 0) for one in failures]
    if asked:
        back_off = min(busy * 2.0 ** min(state.failures - 1, 10) * spread, MAX_BACK_OFF)
        return max(back_off, min(max(asked), MAX_RETRY_AFTER))
    return (busy if is_busy or is_viewed(state.key.workspace_id) else quiet) * spread


def compute_retry_wait(state: PollState, *, now: datetime) -> timedelta:
    """How long until a refused key is tried again: longer and longer once it is given up."""
    if state.key.is_healthy or state.refused_since is None:
        return CONFIRM_INTERVAL
    return min(max(now - state.refused_since, CONFIRM_INTERVAL), MAX_RETRY_INTERVAL)
