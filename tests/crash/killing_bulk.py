"""Carries out a batch in worker processes that are killed (SIGKILL) one after another.

`python -m tests.crash.killing_bulk <points>`, with the site's environment. Each process does what a
tick hands out, half a minute after the one before; the last is left alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import django

from tests.crash.killing import arm, die, then_die

DISPATCHING: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "it is claimed": ("check_ready", lambda _: die),
    "it is checked": ("check_ready", then_die),
    "it is marked as sent": ("send", lambda _: die),
}
APART = timedelta(seconds=31)


def arm_worker(point: str) -> None:
    from loopsweb.resources.deactivations import dispatch

    if point not in DISPATCHING:
        arm(point)
        return
    name, change = DISPATCHING[point]
    setattr(dispatch, name, change(getattr(dispatch, name)))


def work(number: int) -> None:
    from django.utils import timezone

    from loopsweb.resources.deactivations import dispatch

    def clock() -> datetime:
        return timezone.now() + APART * number

    for pk in dispatch.claim_due(now=clock()):
        dispatch.dispatch(pk, clock=clock)


def main(points: str) -> None:
    django.setup()
    for number, point in enumerate([*points.split("|"), ""]):
        child = os.fork()
        if not child:
            if point:
                arm_worker(point)
            work(number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
