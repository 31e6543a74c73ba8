"""Runs a poll: with a client, a deadline, and a way out when the process or the database stops."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from django.db import close_old_connections

from loopsweb.accounts.models import Workspace
from loopsweb.keys.clients import KeyUnusable, build_client
from loopsweb.keys.models import KeyState
from loopsweb.loops_api.deadline import Deadline
from loopsweb.loops_api.request_limits import Limits
from loopsweb.resources.figures.refresh import catch_up
from loopsweb.resources.lists.kept_counts import keep_counts
from loopsweb.resources.polling import leases, pace
from loopsweb.resources.polling.agenda import load_state
from loopsweb.resources.polling.inquiry import Clock, Stopped
from loopsweb.resources.polling.poll import Poll
from loopsweb.resources.snapshot.store import touch_version
from loopsweb.ui.errors import OUTAGES

log = logging.getLogger(__name__)

POLL_SECONDS = 60.0  # what is not asked by then is asked by the next poll
POLL_LIMITS = Limits(retries_answers=False)  # the next poll asks again


def run_poll(
    state_id: int,
    *,
    clock: Clock,
    is_stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Poll with the key of a claimed state, for POLL_SECONDS at most.

    clock: returns aware times in UTC.
    is_stopping: asked before each question; once it is true, the poll is handed back.
    """
    state, agenda = load_state(state_id, now=clock())
    deadline = Deadline(POLL_SECONDS)
    try:
        client = build_client(state.key, limits=POLL_LIMITS)
    except KeyUnusable as error:
        now = clock()
        state.refused_since, state.failures = state.refused_since or now, state.failures + 1
        if state.key.set_state(KeyState.UNUSABLE, str(error), now=now):
            touch_version(state.key.workspace)
        leases.release_lease(state, next_poll_at=now + pace.compute_retry_wait(state, now=now))
    else:
        poll = Poll(state, client, clock, deadline, is_stopping, agenda=agenda)
        try:
            if "figures" in agenda:
                catch_up(state.key.workspace)
            with deadline.apply():
                poll.run()
            if poll.is_changed or poll.is_open("counts"):
                count_lists(state.key.workspace)
        except Stopped:
            leases.hand_back(state, now=clock())
        except OUTAGES as error:
            log.warning("a poll was ended by an outage of the database: %s", error)
            close_old_connections()
            with suppress(*OUTAGES):  # then the lease expires
                leases.hand_back(state, now=clock())


def count_lists(workspace: Workspace) -> None:
    """The poll has ended, and the next one is due when it should be, whatever happens here."""
    try:
        keep_counts(workspace)
    except OUTAGES as error:
        log.warning("the lists of %s were not counted: %s", workspace, error)
