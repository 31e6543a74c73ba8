"""An answer is stored some rows at a time, with the outcome that storing all at once has."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from loopsweb.keys.models import Key
from loopsweb.loops_api import LazyList, lazy_list, parsers
from loopsweb.resources.deployments.sync import build_row
from loopsweb.resources.models import Deployment
from loopsweb.resources.snapshot import stored_rows
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.store import store_list

Told = list[tuple[str, str]]  # ids and statuses


@pytest.fixture(params=[1, 2, 500])
def _batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_rows, "BATCH_SIZE", request.param)
    monkeypatch.setattr(lazy_list, "KEPT_ROWS", 0 if request.param < 500 else 500)


def store(key: Key, told: Told, *, at: datetime) -> None:
    rows = [{"id": one, "status": {"name": status}} for one, status in told]
    body = json.dumps({"deployments": rows}).encode()
    listing = LazyList(body, "deployments", parsers.parse_deployment)
    poll = PollContext.for_key(key, now=at)
    assert store_list(listing, build_row, rows=Deployment.objects.all(), poll=poll) != ""


@pytest.mark.usefixtures("_batches")
def test_rows_changes_and_what_is_missing_are_the_same(key: Key, now: datetime) -> None:
    first = [("a", "RUNNING"), ("b", "RUNNING"), ("c", "DEPLOYING"), ("d", "RUNNING")]
    store(key, first, at=now)
    store(
        key, [("a", "STOPPED"), ("c", "RUNNING"), ("d", "RUNNING")], at=now + timedelta(minutes=1)
    )

    rows = Deployment.objects.order_by("remote_id")
    assert [(row.remote_id, row.status, row.missing_since is None) for row in rows] == [
        ("a", "STOPPED", True),
        ("b", "RUNNING", False),
        ("c", "RUNNING", True),
        ("d", "RUNNING", True),
    ]
    changes = StatusChange.objects.order_by("remote_id").values_list("remote_id", "old", "new")
    assert list(changes) == [("a", "RUNNING", "STOPPED"), ("c", "DEPLOYING", "RUNNING")]


@pytest.mark.usefixtures("_batches")
def test_of_what_is_listed_twice_the_last_counts(key: Key, now: datetime) -> None:
    store(key, [("a", "RUNNING")], at=now)
    told = [("a", "DEPLOYING"), ("b", "RUNNING"), ("a", "STOPPED")]
    store(key, told, at=now + timedelta(minutes=1))

    rows = Deployment.objects.order_by("remote_id").values_list("remote_id", "status")
    assert list(rows) == [("a", "STOPPED"), ("b", "RUNNING")]
    assert list(StatusChange.objects.values_list("old", "new")) == [("RUNNING", "STOPPED")]
