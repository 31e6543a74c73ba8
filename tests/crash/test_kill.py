"""Kill -9 between every two steps of a deactivation: one call or none, and the trail says which."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
from loopsweb.audit.models import Event
from loopsweb.audit.record import Actor
from loopsweb.keys import actions as keys
from loopsweb.resources.deactivations import dispatch, reconcile
from loopsweb.resources.models import Deactivation
from loopsweb.resources.polling import leases, poller
from tests.processes import ROOT, start_simulator, wait_for

KILLS = int(os.environ.get("TEST_KILLS", "40"))
NOTHING: list[str] = []
LOST = ["requested", "unknown"]
SENT = ["requested", "succeeded", "confirmed"]
TRAIL = {  # {point: (calls, events at the crash, events once settled)}
    "before anything": (0, NOTHING, NOTHING),
    "the request is written, not committed": (0, NOTHING, NOTHING),
    "the request is committed": (0, ["requested"], SENT),
    "it is marked as sent": (0, ["requested"], [*LOST, "refused"]),
    "the API has answered": (1, ["requested"], [*LOST, "confirmed"]),
    "the outcome is written, not committed": (1, ["requested"], [*LOST, "confirmed"]),
    "the outcome is committed": (1, ["requested", "succeeded"], SENT),
    "all is done": (1, ["requested", "succeeded"], SENT),
}
POINTS = [*TRAIL, "some moment"]
HEADERS = {"Authorization": "Api-Key demo-org-key"}


@pytest.fixture
def api(tmp_path: Path, settings: Settings) -> Iterator[str]:
    with start_simulator(tmp_path, "--runs", "0", "--checkpoints-per-run", "0") as address:
        settings.LOOPSWEB_API_URLS = [address]
        yield address


@pytest.fixture
def deployments(acme: Workspace, alice: User, api: str) -> list[str]:
    """As many as are to be killed over, made through the API and read into the workspace."""
    with httpx.Client(base_url=api, headers=HEADERS) as http:
        session = http.post("/v1/loops/sessions", json={}).json()["session"]["id"]
        new = {"session_id": session, "base_model": "Qwen/Qwen3-8B"}
        for _ in range(KILLS):
            http.post("/v1/loops/runs", json=new).raise_for_status()
        there = http.get("/v1/loops/deployments").json()["deployments"]
    by = Actor(workspace=acme.slug, person=alice.email, role="admin", address="", request_id="")
    keys.add(
        workspace=acme, owner=alice, name="org", secret="demo-org-key", api_url=api, shared=False,
        by=by, now=timezone.now(),
    )  # fmt: skip
    for state_id in leases.claim_due_states(now=timezone.now()):
        poller.run_poll(state_id, clock=timezone.now)
    live = [one["id"] for one in there if one["status"]["name"] != "STOPPED"]
    assert len(live) == KILLS
    return live


def killed(acme: Workspace, alice: User, api: str, ids: list[str]) -> dict[str, str]:
    """{deployment id: where its process was killed}."""
    name = connection.settings_dict["NAME"]
    database = f"sqlite:///{name}"
    if connection.vendor == "postgresql":
        before, _, rest = os.environ["DATABASE_URL"].partition("?")
        database = f"{before.rsplit('/', 1)[0]}/{name}" + (f"?{rest}" if rest else "")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.crash.killing",
            "|".join(POINTS),
            acme.slug,
            alice.email,
            *ids,
        ],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database, "LOOPSWEB_API_URLS": api},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert Counter(one["signal"] for one in told) == {9: len(ids)}
    return {one["id"]: one["point"] for one in told}


def status_of(api: str, remote_id: str) -> str:
    answer = httpx.get(f"{api}/v1/loops/deployments/{remote_id}", headers=HEADERS)
    status: str = answer.json()["deployment"]["status"]["name"]
    return status


def count_calls(api: str) -> Counter[str]:
    """How often each deployment was asked to end, by its id."""
    requests = httpx.get(f"{api}/_simulator/requests").json()["requests"]
    paths = [one["path"] for one in requests]
    return Counter(path.split("/")[-2] for path in paths if path.endswith("/deactivate"))


def trail(remote_id: str) -> list[str]:
    events = Event.objects.filter(target_id=remote_id, action="deployment.deactivate")
    return list(events.order_by("pk").values_list("outcome", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_killed_deactivation_made_one_call_or_none_and_the_trail_says_which(
    acme: Workspace, alice: User, api: str, deployments: list[str]
) -> None:
    points = killed(acme, alice, api, deployments)

    calls = count_calls(api)
    assert max(calls.values()) == 1
    for remote_id, point in points.items():
        if point in TRAIL:
            made, at_the_crash, _ = TRAIL[point]
            assert (calls[remote_id], trail(remote_id)) == (made, at_the_crash), point

    later = timezone.now() + timedelta(minutes=3)
    while claimed := dispatch.claim_due(now=later):  # the worker sends what was only requested
        for pk in claimed:
            dispatch.dispatch(pk, clock=lambda: later)
    calls = count_calls(api)
    assert max(calls.values()) == 1
    wait_for(lambda: {status_of(api, remote_id) for remote_id in calls} == {"STOPPED"})
    later += timedelta(minutes=3)
    for pk in reconcile.claim_sent(now=later):
        reconcile.reconcile(pk, now=later)

    for remote_id, point in points.items():
        settled = trail(remote_id)
        if point in TRAIL:
            assert settled == TRAIL[point][2], point
        elif calls[remote_id]:
            assert settled[-1] == "confirmed"
        else:
            assert settled in (NOTHING, [*LOST, "refused"])
    still_open = Deactivation.objects.exclude(state__in=["confirmed", "refused"])
    assert list(still_open) == []
