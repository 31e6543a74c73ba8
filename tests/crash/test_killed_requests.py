"""A process killed at any step of a deactivation makes at most one call, which the trail shows."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.audit.record import Actor
from loopsweb.keys import actions as keys
from loopsweb.resources.deactivations import dispatch, reconcile
from loopsweb.resources.models import Deactivation
from loopsweb.resources.polling import poller
from tests.crash.conftest import run_module
from tests.processes import wait_for
from tests.resources.claims import claim_due, claim_polls, claim_sent

KILLS = 40
NO_EVENTS: list[str] = []
LOST = ["requested", "unknown"]
SENT = ["requested", "succeeded", "confirmed"]
TRAIL = {  # {point: (calls, outcomes at the crash, outcomes in the end)}
    "start": (0, NO_EVENTS, NO_EVENTS),
    "request written": (0, NO_EVENTS, NO_EVENTS),
    "request committed": (0, ["requested"], SENT),
    "marked as sent": (0, ["requested"], [*LOST, "refused"]),
    "API answered": (1, ["requested"], [*LOST, "confirmed"]),
    "outcome written": (1, ["requested"], [*LOST, "confirmed"]),
    "outcome committed": (1, ["requested", "succeeded"], SENT),
    "end": (1, ["requested", "succeeded"], SENT),
}
POINTS = [*TRAIL, "random moment"]
HEADERS = {"Authorization": "Api-Key demo-org-key"}


@pytest.fixture
def deployments(acme: Workspace, alice: User, api: str) -> list[str]:
    """Ids of KILLS running deployments, which the workspace has read from the API."""
    with httpx.Client(base_url=api, headers=HEADERS) as http:
        session = http.post("/v1/loops/sessions", json={}).json()["session"]["id"]
        new = {"session_id": session, "base_model": "Qwen/Qwen3-8B"}
        for _ in range(KILLS):
            http.post("/v1/loops/runs", json=new).raise_for_status()
        remote = http.get("/v1/loops/deployments").json()["deployments"]
    by = Actor(workspace=acme.slug, person=alice.email, role="admin", address="", request_id="")
    keys.add(
        workspace=acme, owner=alice, name="org", secret="demo-org-key", api_url=api, shared=False,
        by=by, now=timezone.now(),
    )  # fmt: skip
    for state_id in claim_polls(now=timezone.now()):
        poller.run_poll(state_id, clock=timezone.now)
    running = [each["id"] for each in remote if each["status"]["name"] != "STOPPED"]
    assert len(running) == KILLS
    return running


def run_killed_requests(acme: Workspace, alice: User, api: str, ids: list[str]) -> dict[str, str]:
    """Return {deployment id: the point where its process was killed}."""
    output = run_module("killed_requests", "|".join(POINTS), acme.slug, alice.email, *ids, api=api)
    lines = [json.loads(line) for line in output.splitlines()]
    assert Counter(each["signal"] for each in lines) == {9: len(ids)}
    return {each["id"]: each["point"] for each in lines}


def fetch_status(api: str, remote_id: str) -> str:
    answer = httpx.get(f"{api}/v1/loops/deployments/{remote_id}", headers=HEADERS)
    status: str = answer.json()["deployment"]["status"]["name"]
    return status


def count_calls(api: str) -> Counter[str]:
    """Count the calls to deactivate each deployment, by its ID."""
    requests = httpx.get(f"{api}/_simulator/requests").json()["requests"]
    paths = [each["path"] for each in requests]
    return Counter(path.split("/")[-2] for path in paths if path.endswith("/deactivate"))


def list_outcomes(remote_id: str) -> list[str]:
    events = Event.objects.filter(target_id=remote_id, action="deployment.deactivate")
    return list(events.order_by("pk").values_list("outcome", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_killed_process_makes_at_most_one_call(
    acme: Workspace, alice: User, api: str, deployments: list[str]
) -> None:
    points = run_killed_requests(acme, alice, api, deployments)

    calls = count_calls(api)
    assert max(calls.values()) == 1
    for remote_id, point in points.items():
        if point in TRAIL:
            expected_calls, outcomes, _ = TRAIL[point]
            assert (calls[remote_id], list_outcomes(remote_id)) == (expected_calls, outcomes), point

    later = timezone.now() + timedelta(minutes=3)
    while claimed := claim_due(now=later):  # the worker sends what is due
        for pk in claimed:
            dispatch.dispatch(pk, clock=lambda: later)
    calls = count_calls(api)
    assert max(calls.values()) == 1
    wait_for(lambda: {fetch_status(api, remote_id) for remote_id in calls} == {"STOPPED"})
    later += timedelta(minutes=3)
    for pk in claim_sent(now=later):
        reconcile.reconcile(pk, now=later)

    for remote_id, point in points.items():
        outcomes = list_outcomes(remote_id)
        if point in TRAIL:
            assert outcomes == TRAIL[point][2], point
        elif calls[remote_id]:
            assert outcomes[-1] == "confirmed"
        else:
            assert outcomes in (NO_EVENTS, [*LOST, "refused"])
    still_open = Deactivation.objects.exclude(state__in=["confirmed", "refused"])
    assert list(still_open) == []
