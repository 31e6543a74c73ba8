"""Claims what is due, as the worker's threads do one by one. Each function returns the ids."""

from __future__ import annotations

from datetime import datetime

from loopsweb.resources.deactivations import dispatch, reconcile
from loopsweb.resources.polling import leases
from loopsweb.resources.polling.queue import find_due_states


def claim_polls(*, now: datetime) -> list[int]:
    return [state.pk for state in leases.claim(find_due_states(now=now), now=now)]


def claim_due(*, now: datetime, at_most: int | None = None) -> list[int]:
    due = list(dispatch.find_due(now=now))[:at_most]
    return [row.pk for row in due if dispatch.claim(row, now=now)]


def claim_sent(*, now: datetime) -> list[int]:
    return [row.pk for row in reconcile.find_sent(now=now) if reconcile.claim(row, now=now)]
