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


def arm(point: str) -> None:
    """Make this process die when it comes to `point`."""
    from loopsweb.loops_api import Client
    from loopsweb.resources.deactivations import actions, endings
    from loopsweb.resources.snapshot import poll_state

    def at_random() -> None:
        time.sleep(random.uniform(0, 0.03))  # noqa: S311
        die()

    places: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
        "before anything": (actions, "request", lambda _: die),
        "the request is written, not committed": (actions, "record", then_die),
        "the request is committed": (actions, "request", then_die),
        "the API has answered": (Client, "deactivate_deployment", then_die),
        "the outcome is written, not committed": (endings, "follow_up", then_die),
        "the outcome is committed": (endings, "move", then_die),
        "all is done": (poll_state, "poll_soon", then_die),
    }
    if point == "some moment":
        threading.Thread(target=at_random, daemon=True).start()
        return
    module, name, change = places[point]
    setattr(module, name, change(getattr(module, name)))


def deactivate(workspace_slug: str, email: str, remote_id: str) -> None:
    from django.utils import timezone

    from loopsweb.accounts.models import User, Workspace
    from loopsweb.audit.record import Actor
    from loopsweb.keys.clients import client_for
    from loopsweb.resources.deactivations import actions
    from loopsweb.resources.models import Deployment

    workspace = Workspace.objects.get(slug=workspace_slug)
    acting = client_for(workspace=workspace, person=User.objects.get(email=email))
    actions.deactivate(
        target=Deployment.objects.get(workspace=workspace, remote_id=remote_id),
        acting=acting,
        by=Actor(workspace=workspace_slug, person=email, role="admin", address="", request_id=""),
        reason="crash",
        clock=timezone.now,
    )


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
