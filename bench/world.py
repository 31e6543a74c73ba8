"""The people, workspaces and requests that pages are measured with."""

from __future__ import annotations

import sys
import uuid

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from loopsweb.accounts.models import Role, User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.keys import actions as keys
from loopsweb.keys.models import Key
from loopsweb.resources.cleanups import actions as cleanups
from loopsweb.resources.cleanups.plan import Rules
from loopsweb.resources.deactivations import actions as deactivations
from loopsweb.resources.deactivations.requirements import Schedule
from loopsweb.resources.models import Checkpoint, Deployment
from loopsweb.resources.polling import poller
from loopsweb.serving.benchmark_data.founding import OWNER

CLEANED_UP = 1000  # checkpoints
ADMIN = Actor(workspace="", person=OWNER, role=Role.ADMIN, address="", request_id="")


def create_organisation(name: str, *, runs: int, checkpoints: int) -> Workspace:
    call_command("benchmark_data", name=name, runs=runs, checkpoints=checkpoints, stdout=sys.stderr)
    if connection.vendor == "postgresql":  # as autovacuum would within minutes
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return Workspace.objects.get(name=name)


def request_deactivation(workspace: Workspace) -> None:
    """One that waits to be sent, so that there is a record."""
    running = Deployment.objects.in_workspace(workspace).filter(status="RUNNING")
    deactivations.request_deactivation(
        target=running.earliest("pk"),
        key=workspace.keys.get(),
        by=Actor(**ADMIN | {"workspace": workspace.slug}),
        reason="The experiment has ended.",
        schedule=Schedule(),
        now=timezone.now(),
    )


def request_cleanup(workspace: Workspace) -> None:
    """Of as many of its oldest checkpoints as one clean-up page is made for."""
    cleanups.request_cleanup(
        list(Checkpoint.objects.in_workspace(workspace).order_by("pk")[:CLEANED_UP]),
        rules=Rules(),
        days=None,
        key=workspace.keys.get(),
        by=Actor(**ADMIN | {"workspace": workspace.slug}),
        reason="The project has ended.",
        once=uuid.uuid4(),
        left_out=[],
        now=timezone.now(),
    )


def create_polled_key(api: str) -> Key:
    """Create a person with a workspace and a key, and poll the API once."""
    person = User.objects.create_user("polled@example.com", name="Polled")
    workspace = Workspace.objects.get(team__members=person)
    key = keys.add(
        workspace=workspace,
        owner=person,
        name="polled",
        secret="demo-org-key",  # noqa: S106
        api_url=api,
        shared=False,
        by=Actor(**ADMIN | {"workspace": workspace.slug}),
        now=timezone.now(),
    )
    poll(key)
    return key


def poll(key: Key) -> None:
    poller.run_poll(key.poll_state.pk, clock=timezone.now)
