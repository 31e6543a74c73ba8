"""Kill -9 in the worker that carries out a batch: the next goes on, and nothing is sent twice."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.keys.clients import find_client
from loopsweb.resources.deactivations import batches, reconcile
from loopsweb.resources.deactivations.models import Batch, Policy
from loopsweb.resources.deactivations.targets import KINDS
from loopsweb.resources.polling import leases, poller
from tests.crash.test_kill import HEADERS, status_of, trail
from tests.personas import add_key
from tests.processes import ROOT, start_simulator, wait_for

SENT = ["requested", "succeeded", "confirmed"]
LOST = ["requested", "unknown", "confirmed"]
NEVER_CALLED = ["requested", "unknown", "refused"]
TRAIL = {  # {point: the trail of the one it strikes; the first two strike the third's}
    "it is claimed": None,
    "it is checked": None,
    "it is marked as sent": NEVER_CALLED,
    "the API has answered": LOST,
    "the outcome is written, not committed": LOST,
    "the outcome is committed": SENT,
    "all is done": SENT,
}
NUMBER = 8


@pytest.fixture
def api(tmp_path: Path, settings: Settings) -> Iterator[str]:
    with start_simulator(tmp_path, "--runs", "0", "--checkpoints-per-run", "0") as address:
        settings.LOOPSWEB_API_URLS = [address]
        yield address


@pytest.fixture
def batch(acme: Workspace, alice: User, api: str) -> Batch:
    """Of as many as the API has, asked for by alice and not sent yet."""
    with httpx.Client(base_url=api, headers=HEADERS) as http:
        session = http.post("/v1/loops/sessions", json={}).json()["session"]["id"]
        new = {"session_id": session, "base_model": "Qwen/Qwen3-8B"}
        for _ in range(NUMBER):
            http.post("/v1/loops/runs", json=new).raise_for_status()
        there = http.get("/v1/loops/deployments").json()["deployments"]
    add_key(alice, workspace=acme, secret="demo-org-key", now=timezone.now())
    for state_id in leases.claim_due_states(now=timezone.now()):
        poller.run_poll(state_id, clock=timezone.now)
    kind, policy = KINDS["deployment"], Policy(team=acme.team)
    ids = [one["id"] for one in there if one["status"]["name"] != "STOPPED"]
    made = batches.request_batch(
        batches.preview_selection(acme, kind, ids, policy=policy, own_emails=frozenset()),
        kind=kind,
        key=find_client(workspace=acme, person=alice, method=kind.method).key,
        by=Actor(workspace=acme.slug, person=alice.email, role="admin", address="", request_id=""),
        reason="crash",
        once=uuid.uuid4(),
        policy=policy,
        now=timezone.now(),
    )
    assert (made.left_out, made.rows.filter(state="due").count()) == ([], NUMBER)
    return made


def signals_of_workers(api: str) -> list[int]:
    name = connection.settings_dict["NAME"]
    database = f"sqlite:///{name}"
    if connection.vendor == "postgresql":
        before, _, rest = os.environ["DATABASE_URL"].partition("?")
        database = f"{before.rsplit('/', 1)[0]}/{name}" + (f"?{rest}" if rest else "")
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.killing_bulk", "|".join(TRAIL)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database, "LOOPSWEB_API_URLS": api},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_a_batch_that_the_next_one_finishes(api: str, batch: Batch) -> None:
    ids = list(batch.rows.order_by("pk").values_list("target_remote_id", flat=True))

    assert signals_of_workers(api) == [9] * len(TRAIL) + [0]

    asked = httpx.get(f"{api}/_simulator/requests").json()["requests"]
    ends = [one["path"] for one in asked if one["path"].endswith("/deactivate")]
    calls = Counter(path.split("/")[-2] for path in ends)
    assert sorted(calls.values()) == [1] * (NUMBER - 1)
    wait_for(lambda: {status_of(api, remote_id) for remote_id in calls} == {"STOPPED"})
    later = timezone.now() + timedelta(minutes=10)
    for pk in reconcile.claim_sent(now=later):
        reconcile.reconcile(pk, now=later)
    struck = [expected for expected in TRAIL.values() if expected]
    rest = [SENT] * (NUMBER - len(struck))
    assert sorted(trail(one) for one in ids) == sorted([*struck, *rest])
    assert [one for one in ids if trail(one) == NEVER_CALLED] == [
        one for one in ids if one not in calls
    ]
