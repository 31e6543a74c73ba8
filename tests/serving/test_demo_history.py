"""The demo's past is what polls would have observed of its simulator."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Checkpoint, Deactivation, Deployment, StatusChange
from loopsweb.resources.snapshot.observed_periods import ObservedPeriod
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.serving import demo_history, demo_people
from loopsweb.serving.simulator_clock import SimulatorClock
from loopsweb.simulator import Simulator
from loopsweb.simulator.workload import PAST
from tests.conftest import ConnectApi

pytestmark = pytest.mark.django_db


@pytest.fixture
def simulator(now: datetime, connect_api: ConnectApi) -> Simulator:
    simulator = Simulator(now=now, is_workload=True, pace=0.4, stopping_seconds=8)
    connect_api(httpx.WSGITransport(app=simulator))
    return simulator


@pytest.fixture
def clock(simulator: Simulator) -> SimulatorClock:
    http = httpx.Client(transport=httpx.WSGITransport(app=simulator), base_url="http://api.test")

    def call(method: str, path: str, body: str) -> Any:
        return json.loads(http.request(method, path, content=body).content)

    return SimulatorClock(call)


@pytest.fixture
def workspace(clock: SimulatorClock, now: datetime) -> Workspace:
    """The demo's, once its past has been observed."""
    workspace = demo_people.create_people()
    demo_people.add_key(workspace, now=clock.now)
    demo_history.observe_past(workspace, clock=clock, present=now)
    return workspace


def test_the_past_is_what_polls_observed_and_what_people_did(
    workspace: Workspace, clock: SimulatorClock, now: datetime
) -> None:
    assert clock.now == now
    happened = {
        (one["id"], one["new"], datetime.fromisoformat(one["at"]))
        for one in clock.list_status_changes()
    }
    changes = list(StatusChange.objects.filter(workspace=workspace))
    assert {one.noun for one in changes} == {"run", "sampler", "deployment", "checkpoint"}
    start, end = now - timedelta(hours=19.4), now - timedelta(hours=18.5)
    lengths = set()
    for change in changes:
        before, after = change.last_seen_old_at, change.first_seen_new_at
        assert before is not None
        inside = [one for one in happened if one[:2] == (change.remote_id, change.new)]
        assert any(before <= at <= after for _, _, at in inside), change
        assert after <= start or (before, after) == (start, end) or before >= end, change
        lengths.add(after - before)
    assert lengths == {demo_history.POLL_INTERVAL, end - start}
    for feed in ("runs", "deployments", "samplers"):
        [period] = ObservedPeriod.objects.filter(workspace=workspace, feed=feed)
        assert (period.since, period.until) == (now - PAST, start)
        going_on = PollState.objects.get().observed_since[feed]
        assert datetime.fromisoformat(going_on) == end
    newest = Checkpoint.objects.in_workspace(workspace).latest("created_at")
    assert newest.created_at
    assert timedelta() <= newest.first_seen_at - newest.created_at <= demo_history.POLL_INTERVAL
    stops = Deactivation.objects.filter(workspace=workspace).order_by("requested_at")
    assert [(one.person, one.state, find_status(one)) for one in stops] == [
        (demo_people.OPERATOR, "confirmed", "STOPPED"),
        (demo_people.OPERATOR, "confirmed", "STOPPED"),
    ]


def find_status(stop: Deactivation) -> str:
    return Deployment.objects.get(remote_id=stop.target_remote_id).status
