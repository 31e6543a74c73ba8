"""A worker whose clock is wrong polls all the same, by the database's clock, and is warned of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from loopsweb.keys.models import Key
from loopsweb.resources.models import Heartbeat, PollState
from loopsweb.resources.polling import leases
from loopsweb.resources.polling.queue import find_due_states
from loopsweb.resources.worker.database_clock import DatabaseClock, read_time
from loopsweb.resources.worker.lanes import Lane, claim_each

SECOND = timedelta(seconds=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(params=[-60, 60])
def skew(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """This process's clock is wrong by so much."""
    skew, right = timedelta(seconds=request.param), timezone.now
    monkeypatch.setattr(timezone, "now", lambda: right() + skew)
    return skew


def test_leases_go_by_the_database(skew: timedelta, key: Key) -> None:
    state = PollState.objects.get()
    PollState.objects.update(next_poll_at=read_time())
    [due] = find_due_states(now=DatabaseClock()())
    assert leases.claim([due], now=DatabaseClock()())
    state.refresh_from_db()
    assert state.leased_until is not None
    assert abs(state.leased_until - read_time() - leases.LEASE) < SECOND


def test_a_wrong_clock_is_warned_of(
    skew: timedelta, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    lane = Lane[Any]("control", threads=1, hosts=1, find_jobs=lambda *_: (), claim_jobs=claim_each)
    for _ in range(2):
        lane.look(DatabaseClock())
    lane.close()
    side = "60 s ahead of" if skew > timedelta() else "60 s behind"
    text = f"The clock of this machine is {side} the database. Set it."
    assert [record.getMessage() for record in caplog.records].count(text) == 1
    assert abs(Heartbeat.objects.get().at - read_time()) < SECOND
    answer = client.get("/readyz").content.decode().splitlines()
    assert answer == [
        "database: ok",
        "control: ok",
        "polling: failing",
        "schedule: failing",
        f"clock: web server is {side} the database",
        f"clock: control is {side} the database",
    ]
