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

CARRYING_OUT: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "it is handed out": ("carrying_out", "ready", lambda _: die),
    "it was looked at": ("carrying_out", "ready", then_die),
    "it is marked as sent": ("actions", "send", lambda _: die),
}
APART = timedelta(seconds=31)


def arm_worker(point: str) -> None:
    from loopsweb.resources.deactivations import actions, carrying_out

    if point not in CARRYING_OUT:
        arm(point)
        return
    place, name, change = CARRYING_OUT[point]
    module = {"actions": actions, "carrying_out": carrying_out}[place]
    setattr(module, name, change(getattr(module, name)))


def work(number: int) -> None:
    from django.utils import timezone

    from loopsweb.resources.deactivations import carrying_out

    def clock() -> datetime:
        return timezone.now() + APART * number

    for pk in carrying_out.claim(now=clock()):
        carrying_out.carry_out(pk, clock=clock)


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
