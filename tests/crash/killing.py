"""Deactivates deployments in child processes that are killed (SIGKILL) at a chosen point.

`python -m tests.crash.killing <points> <workspace> <person> <deployment ids …>`, with the
site's environment. The points are used in turn; one line of JSON a child says where it died.
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


def then_die(call: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> None:
        call(*args, **kwargs)
        die()

    return wrapped


def then_die_at_an_outcome(move_to: Callable[..., Any]) -> Callable[..., Any]:
    """The first transition marks the request as sent; the second writes what the API answered."""

    def wrapped(self: Any, state: str, **fields: Any) -> Any:
        result = move_to(self, state, **fields)
        if state != "requested":
            die()
        return result

    return wrapped


def arm(point: str) -> None:
    """Make this process die when it comes to `point`."""
    from loopsweb.loops_api import Client
    from loopsweb.resources.deactivations import actions, dispatch, states
    from loopsweb.resources.snapshot import poll_state

    def die_soon() -> None:
        time.sleep(random.uniform(0, 0.03))  # noqa: S311
        die()

    places: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
        "before anything": (actions, "request", lambda _: die),
        "the request is written, not committed": (actions, "record_event", then_die),
        "the request is committed": (actions, "request", then_die),
        "it is marked as sent": (dispatch, "take", then_die),
        "the API has answered": (Client, "deactivate_deployment", then_die),
        "the outcome is written, not committed": (states, "record_follow_up", then_die),
        "the outcome is committed": (states.StatefulRequest, "move_to", then_die_at_an_outcome),
        "all is done": (poll_state, "schedule_polls", then_die),
    }
    if point == "some moment":
        threading.Thread(target=die_soon, daemon=True).start()
        return
    module, name, change = places[point]
    setattr(module, name, change(getattr(module, name)))


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
            arm(point)
            deactivate(workspace, email, remote_id)
            die()
        _, status = os.waitpid(child, 0)
        told = {"id": remote_id, "point": point, "signal": os.WTERMSIG(status)}
        sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
