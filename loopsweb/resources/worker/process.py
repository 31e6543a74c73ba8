"""Starts and stops the lanes of this process."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings

from loopsweb.resources.worker.jobs import claim_polls, find_control_jobs, find_polls
from loopsweb.resources.worker.lanes import DRAIN_SECONDS, Lane, claim_each

POLL_THREADS = 6 if settings.SINGLE_PROCESS else 16
CONTROL_THREADS = 3 if settings.SINGLE_PROCESS else 8
lanes: list[Lane[Any]] = []


def start() -> None:
    """Does nothing when they run already."""
    if not lanes:
        hosts = len(settings.LOOPSWEB_API_URLS)
        polling = Lane(
            "polling",
            threads=POLL_THREADS,
            hosts=hosts,
            find_jobs=find_polls,
            claim_jobs=claim_polls,
        )
        control = Lane(
            "control",
            threads=CONTROL_THREADS,
            hosts=hosts,
            find_jobs=find_control_jobs,
            claim_jobs=claim_each,
        )
        lanes.extend([polling, control])
        for lane in lanes:
            lane.start()


def request_stop() -> None:
    for lane in lanes:
        lane.request_stop()


def stop(*, within: float = DRAIN_SECONDS + 2) -> None:
    """Let running polls stop between two questions, and hand back those that did not in time.

    within: seconds.
    """
    request_stop()
    until = time.monotonic() + within
    for lane in lanes:
        lane.thread.join(max(0.0, until - time.monotonic()))
        lane.hand_back()
        lane.close()
    lanes.clear()
