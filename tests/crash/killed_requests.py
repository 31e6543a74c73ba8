"""Deactivates deployments in child processes that kill themselves at a chosen point.

`python -m tests.crash.killed_requests <points> <workspace> <person> <deployment ids …>`, with the
site's environment. The points, separated by |, are used in turn. Prints a line of JSON per child.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopsweb.settings")


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(call: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> None:
        call(*args, **kwargs)
        die()

    return wrapped


def die_after_outcome(move_to: Callable[..., Any]) -> Callable[..., Any]:
    """The first transition marks the request as sent, the second writes the outcome."""

    def wrapped(self: Any, state: str, **fields: Any) -> Any:
        result = move_to(self, state, **fields)
        if state != "requested":
            die()
        return result

    return wrapped


def arm_kill_point(point: str) -> None:
    """Make this process kill itself when it reaches `point`."""
    from loopsweb.loops_api import Client
    from loopsweb.resources.deactivations import actions, dispatch, transitions
    from loopsweb.resources.snapshot import poll_state

    def die_at_random() -> None:
        time.sleep(random.uniform(0, 0.03))  # noqa: S311
        die()

    targets: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
        "start": (actions, "request_deactivation", lambda _: die),
        "request written": (actions, "record_event", die_after),
        "request committed": (actions, "request_deactivation", die_after),
        "marked as sent": (dispatch, "mark_as_sent", die_after),
        "API answered": (Client, "deactivate_deployment", die_after),
        "outcome written": (transitions, "record_follow_up", die_after),
        "outcome committed": (transitions.StatefulRequest, "move_to", die_after_outcome),
        "end": (poll_state, "schedule_polls", die_after),
    }
    if point == "random moment":
        threading.Thread(target=die_at_random, daemon=True).start()
        return
    module, name, wrap = targets[point]
    setattr(module, name, wrap(getattr(module, name)))


def deactivate(workspace_slug: str, email: str, remote_id: str) -> None:
    from django.utils import timezone

    from loopsweb.accounts.models import User, Workspace
    from loopsweb.resources.deactivations import dispatch
    from loopsweb.resources.models import Deployment
    from tests.resources.deactivations.requests import request_due

    workspace = Workspace.objects.get(slug=workspace_slug)
    deactivation = request_due(
        Deployment.objects.get(workspace=workspace, remote_id=remote_id),
        person=User.objects.get(email=email),
        role="admin",
        now=timezone.now(),
    )
    dispatch.dispatch(deactivation.pk, clock=timezone.now)


def main(points: str, workspace: str, email: str, *ids: str) -> None:
    django.setup()
    names = points.split("|")
    for number, remote_id in enumerate(ids):
        point = names[number % len(names)]
        child = os.fork()
        if not child:
            arm_kill_point(point)
            deactivate(workspace, email, remote_id)
            die()
        _, status = os.waitpid(child, 0)
        line = {"id": remote_id, "point": point, "signal": os.WTERMSIG(status)}
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
