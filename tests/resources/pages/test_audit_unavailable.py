"""Nothing is done that cannot be recorded, and the page says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.models import Batch, Deactivation
from loopsweb.resources.pages.idempotency import Submission
from loopsweb.simulator import Simulator
from tests.failing_database import FAILURES
from tests.personas import login_as
from tests.resources.deactivations.conftest import CreateDeployments, create_deployments

__all__ = ["create_deployments"]
pytestmark = pytest.mark.django_db(transaction=True)
LONG = "𠀀" * 1000  # as long as a reason may be: no page of a full database has room for it
Filled = tuple[str, dict[str, Any]]


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


def one(acme: Workspace, browser: Client, ids: list[str]) -> Filled:
    url = reverse("deactivations:new", args=[acme.slug, "deployments", ids[0]])
    return url, {"reason": LONG}


def several(acme: Workspace, browser: Client, ids: list[str]) -> Filled:
    url = reverse("deactivations:bulk", args=[acme.slug, "deployments"])
    form = browser.get(url, {"id": ids}).context["form"]
    hidden = {name: str(form[name].value()) for name in ("once", "seen")}
    return url, {"id": ids, "reason": LONG, "typed": "2", **hidden}


def creation(acme: Workspace, browser: Client, ids: list[str]) -> Filled:
    url = reverse("sessions:create", args=[acme.slug])
    form = browser.get(url).context["form"]
    return url, {"once": str(form["once"].value()), "training_project_id": LONG[:255]}


@pytest.mark.parametrize("fill", [one, several, creation])
@pytest.mark.parametrize("failure", FAILURES)
def test_no_request_is_sent_when_the_audit_cannot_be_written(
    acme: Workspace,
    browser: Client,
    create_deployments: CreateDeployments,
    world: Simulator,
    fill: Callable[..., Filled],
    failure: str,
) -> None:
    url, filled = fill(acme, browser, [row.remote_id for row in create_deployments(2)])
    fails, why = FAILURES[failure]
    before = Event.objects.count()

    with fails():
        answer = browser.post(url, filled)

    said = answer.context["form"].non_field_errors()
    expected = (
        "Nothing was sent to the API, because the audit trail cannot be written: "
        f"{why}. Try again in a moment. "
        "If the problem persists, contact your loopsweb administrator."
    )
    assert (answer.status_code, said) == (503, [expected])
    assert filled.get("reason", "") in answer.content.decode()
    assert [request.method for request in world.requests] == []
    kept = [model.objects.count() for model in (Deactivation, Batch, Submission)]
    assert (Event.objects.count(), kept) == (before, [0, 0, 0])

    assert browser.post(url, filled).status_code == 302
