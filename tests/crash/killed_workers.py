"""Sends a batch from worker processes that kill themselves one after another.

`python -m tests.crash.killed_workers <points>`, with the site's environment. Each process runs
one tick, 31 seconds after the previous one. The last one survives. Prints the signals.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import django

from tests.crash.killed_requests import arm_kill_point, die, die_after

WORKER_POINTS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "claimed": ("check_ready", lambda _: die),
    "checked": ("check_ready", die_after),
    "marked as sent": ("send_request", lambda _: die),
}
TICK_INTERVAL = timedelta(seconds=31)


def arm_worker(point: str) -> None:
    from loopsweb.resources.deactivations import dispatch

    if point not in WORKER_POINTS:
        arm_kill_point(point)
        return
    name, wrap = WORKER_POINTS[point]
    setattr(dispatch, name, wrap(getattr(dispatch, name)))


def run_tick(number: int) -> None:
    from django.utils import timezone

    from loopsweb.resources.deactivations import dispatch, sync_waits
    from tests.resources.claims import claim_due

    def clock() -> datetime:
        return timezone.now() + TICK_INTERVAL * number

    sync_waits.settle_waits(now=clock())
    for pk in claim_due(now=clock()):
        dispatch.dispatch(pk, clock=clock)


def main(points: str) -> None:
    django.setup()
    for number, point in enumerate([*points.split("|"), ""]):
        child = os.fork()
        if not child:
            if point:
                arm_worker(point)
            run_tick(number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
