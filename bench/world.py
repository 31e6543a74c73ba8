from __future__ import annotations

import time

from django.utils import timezone

from loopsweb.accounts.models import Role, User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.keys import actions
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint, Run
from loopsweb.resources.polling import poller
from loopsweb.resources.snapshot.poll_state import PollState


def create_key(*, name: str, api: str) -> Key:
    """Create a person with a workspace and a key, and poll the API once."""
    person = User.objects.create_user(f"{name}@example.com", name=name)
    workspace = Workspace.objects.get(team__members=person)
    key = actions.add(
        workspace=workspace,
        owner=person,
        name=name,
        secret="demo-org-key",  # noqa: S106
        api_url=api,
        shared=False,
        by=Actor(
            workspace=workspace.slug,
            person=person.email,
            role=Role.ADMIN,
            address="",
            request_id="",
        ),
        now=timezone.now(),
    )
    start = time.perf_counter()
    poll(key)
    spent = time.perf_counter() - start
    runs, checkpoints = (
        model.objects.in_workspace(workspace).count() for model in (Run, Checkpoint)
    )
    print(f"The first poll read {runs:,} runs and {checkpoints:,} checkpoints in {spent:.1f} s.")
    return key


def poll(key: Key) -> None:
    poller.run_poll(PollState.objects.get(key=key).pk, clock=timezone.now)
