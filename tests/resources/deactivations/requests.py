"""Makes and decides on requests, with and without pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User
from loopsweb.audit.record import Actor
from loopsweb.keys.clients import find_client
from loopsweb.resources.deactivations import actions
from loopsweb.resources.deactivations.impact import assess_impact
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.requirements import Schedule
from loopsweb.resources.deployments.models import Deployment
from tests.personas import login_as


def request_due(target: Deployment, *, person: User, role: str, now: datetime) -> Deactivation:
    """Create a request that is due but not sent."""
    key = find_client(workspace=target.workspace, person=person).key
    by = Actor(
        workspace=target.workspace.slug,
        person=person.email,
        role=role,
        address="127.0.0.1",
        request_id="r1",
    )
    schedule = Schedule(foreseen=assess_impact(target).foreseen)
    return actions.request_deactivation(
        target=target, key=key, by=by, reason="done", schedule=schedule, now=now
    )


def submit_form(person: User, deployment: Deployment, **fields: str) -> Any:
    args = [deployment.workspace.slug, "deployments", deployment.remote_id]
    data = {"reason": "idle", "typed": deployment.remote_id, **fields}
    return login_as(person).post(reverse("deactivations:new", args=args), data)


def submit_decision(person: User, deactivation: Deactivation, decision: str, **fields: str) -> int:
    """Return the status code. decision: approval, refusal or withdrawal."""
    browser = login_as(person)
    url = deactivation.get_absolute_url()
    form = browser.get(url).context["impact_form"]
    data = {"seen": form["seen"].value() if form else "", **fields}
    return browser.post(f"{url}{decision}/", data).status_code


def fill_batch_form(browser: Client, url: str, ids: list[str], **fields: str) -> dict[str, Any]:
    form = browser.get(url, {"id": ids}).context["form"]
    hidden = {name: str(form[name].value()) for name in ("once", "seen")}
    return {"id": ids, "reason": "budget", "typed": str(form.number), **hidden, **fields}
