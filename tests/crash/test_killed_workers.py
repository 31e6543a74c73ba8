"""If a worker is killed while sending a batch, the next one continues and sends nothing twice."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.keys.clients import find_client
from loopsweb.resources.deactivations import batches, reconcile
from loopsweb.resources.deactivations.models import Batch, Policy
from loopsweb.resources.deactivations.selections import preview_selection
from loopsweb.resources.deactivations.targets import KINDS
from loopsweb.resources.polling import poller
from tests.crash.conftest import run_module
from tests.crash.test_killed_requests import HEADERS, fetch_status, list_outcomes
from tests.personas import add_key
from tests.processes import wait_for
from tests.resources.claims import claim_polls, claim_sent

SENT = ["requested", "succeeded", "confirmed"]
LOST = ["requested", "unknown", "confirmed"]
NEVER_CALLED = ["requested", "unknown", "refused"]
TRAIL = {  # {point: outcomes of the interrupted request; the first two interrupt the third's}
    "claimed": None,
    "checked": None,
    "marked as sent": NEVER_CALLED,
    "API answered": LOST,
    "outcome written": LOST,
    "outcome committed": SENT,
    "end": SENT,
}
NUMBER = 8


@pytest.fixture
def batch(acme: Workspace, alice: User, api: str) -> Batch:
    """alice's batch of every running deployment, not sent yet."""
    with httpx.Client(base_url=api, headers=HEADERS) as http:
        session = http.post("/v1/loops/sessions", json={}).json()["session"]["id"]
        new = {"session_id": session, "base_model": "Qwen/Qwen3-8B"}
        for _ in range(NUMBER):
            http.post("/v1/loops/runs", json=new).raise_for_status()
        remote = http.get("/v1/loops/deployments").json()["deployments"]
    add_key(alice, workspace=acme, secret="demo-org-key", now=timezone.now())
    for state_id in claim_polls(now=timezone.now()):
        poller.run_poll(state_id, clock=timezone.now)
    kind, policy = KINDS["deployment"], Policy(team=acme.team)
    ids = [each["id"] for each in remote if each["status"]["name"] != "STOPPED"]
    batch = batches.request_batch(
        preview_selection(acme, kind, ids, policy=policy, own_emails=frozenset()),
        kind=kind,
        key=find_client(workspace=acme, person=alice, method=kind.method).key,
        by=Actor(workspace=acme.slug, person=alice.email, role="admin", address="", request_id=""),
        reason="crash",
        once=uuid.uuid4(),
        policy=policy,
        now=timezone.now(),
    )
    assert (batch.left_out, batch.rows.filter(state="due").count()) == ([], NUMBER)
    return batch


@pytest.mark.django_db(transaction=True)
def test_the_next_worker_finishes_the_batch_of_a_killed_one(api: str, batch: Batch) -> None:
    ids = list(batch.rows.order_by("pk").values_list("target_remote_id", flat=True))

    signals = run_module("killed_workers", "|".join(TRAIL), api=api).split()
    assert [int(each) for each in signals] == [9] * len(TRAIL) + [0]

    requests = httpx.get(f"{api}/_simulator/requests").json()["requests"]
    paths = [each["path"] for each in requests if each["path"].endswith("/deactivate")]
    calls = Counter(path.split("/")[-2] for path in paths)
    assert sorted(calls.values()) == [1] * (NUMBER - 1)
    wait_for(lambda: {fetch_status(api, remote_id) for remote_id in calls} == {"STOPPED"})
    later = timezone.now() + timedelta(minutes=10)
    for pk in claim_sent(now=later):
        reconcile.reconcile(pk, now=later)
    interrupted = [expected for expected in TRAIL.values() if expected]
    rest = [SENT] * (NUMBER - len(interrupted))
    assert sorted(list_outcomes(each) for each in ids) == sorted([*interrupted, *rest])
    assert [each for each in ids if list_outcomes(each) == NEVER_CALLED] == [
        each for each in ids if each not in calls
    ]


@pytest.mark.django_db(transaction=True)
def test_a_wait_whose_worker_is_killed_goes_on_once(api: str, batch: Batch) -> None:
    one = batch.rows.order_by("pk")[0]
    batch.rows.exclude(pk=one.pk).update(state="withdrawn")
    later = timezone.now() + timedelta(hours=1)
    batch.rows.filter(pk=one.pk).update(state="syncing", sync_until=later)

    signals = run_module("killed_workers", "outcome written|outcome committed", api=api).split()

    assert signals == ["9", "9", "0"]
    assert list_outcomes(one.target_remote_id) == ["requested", "synced", "succeeded"]
    requests = httpx.get(f"{api}/_simulator/requests").json()["requests"]
    assert sum(each["path"].endswith("/deactivate") for each in requests) == 1
