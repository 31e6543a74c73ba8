"""Requests that nobody has sent yet, made without a page."""

from __future__ import annotations

from datetime import datetime

from loopsweb.accounts.models import User
from loopsweb.audit.record import Actor
from loopsweb.keys.clients import find_client
from loopsweb.resources.deactivations import actions
from loopsweb.resources.deactivations.impact import assess_impact
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.requirements import Schedule
from loopsweb.resources.deployments.models import Deployment


def request_due(target: Deployment, *, person: User, role: str, now: datetime) -> Deactivation:
    key = find_client(workspace=target.workspace, person=person).key
    by = Actor(
        workspace=target.workspace.slug,
        person=person.email,
        role=role,
        address="127.0.0.1",
        request_id="r1",
    )
    schedule = Schedule(foreseen=assess_impact(target).foreseen)
    return actions.request(target=target, key=key, by=by, reason="done", schedule=schedule, now=now)
