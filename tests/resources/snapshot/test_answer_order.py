"""Two overlapping answers: the one requested later wins, and a change is recorded once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loopsweb.accounts.models import Workspace
from loopsweb.keys.clients import build_client
from loopsweb.keys.models import Key
from loopsweb.loops_api import types
from loopsweb.resources.deployments import sync
from loopsweb.resources.models import Deployment
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.store import store_answer
from loopsweb.simulator import Simulator


class Requests:
    """Requests sent so many seconds after the start, in whichever order they are answered."""

    def __init__(self, key: Key, world: Simulator, now: datetime) -> None:
        self.key, self.world, self.now = key, world, now

    def at(self, seconds: float) -> PollContext:
        return PollContext.for_key(self.key, now=self.now + timedelta(seconds=seconds))

    def list(self, seconds: float, *, known_digest: str = "") -> str:
        poll = self.at(seconds)
        new = sync.pull_deployments(build_client(self.key), poll=poll, known_digest=known_digest)
        return new.store() if new else known_digest

    def one(self, seconds: float) -> None:
        sync.pull_deployment(build_client(self.key), "d1", poll=self.at(seconds))


@pytest.fixture
def requests(world: Simulator, key: Key, now: datetime) -> Requests:
    requests = Requests(key, world, now)
    world.world.add_deployment(id="d1", status="RUNNING")
    requests.list(0)
    return requests


def changes() -> list[tuple[str, str]]:
    return list(StatusChange.objects.order_by("pk").values_list("old", "new"))


def is_now(status: str) -> bool:
    return Deployment.objects.filter(status=status, missing_since=None).count() == 1


def test_an_older_list_does_not_overwrite_a_newer_answer(requests: Requests) -> None:
    deployment = requests.world.world.deployments["d1"]
    deployment.status = "STOPPED"
    requests.one(20)
    deployment.status = "RUNNING"
    late = requests.list(10)
    assert is_now("STOPPED")
    assert late == ""

    deployment.status = "STOPPED"
    assert requests.list(30) != ""
    assert changes() == [("RUNNING", "STOPPED")]


def test_an_older_list_does_not_mark_newer_rows_missing(requests: Requests) -> None:
    deployment = requests.world.world.deployments.pop("d1")
    requests.world.world.deployments["d1"] = deployment
    deployment.status = "DEPLOYING"
    requests.one(20)
    del requests.world.world.deployments["d1"]
    assert requests.list(10) == ""
    assert is_now("DEPLOYING")

    assert requests.list(30) != ""
    assert not is_now("DEPLOYING")


def test_rows_stored_under_a_wrong_clock_are_overwritten(requests: Requests) -> None:
    requests.world.world.deployments["d1"].status = "DEPLOYING"
    requests.one(3600 * 24 * 365)
    requests.world.world.deployments["d1"].status = "RUNNING"
    assert requests.list(10) != ""
    assert is_now("RUNNING")


def test_a_change_stored_meanwhile_is_recorded_once(requests: Requests, acme: Workspace) -> None:
    found = types.Deployment(id="d1", status="STOPPED", raw={"id": "d1", "status": "STOPPED"})

    def arriving() -> Iterator[types.Deployment]:
        """After the rows were read: as another process that is a moment faster."""
        sync.store_deployments([found], poll=requests.at(10))
        yield found

    store_answer(
        arriving(),
        sync.build_row,
        model=Deployment,
        poll=requests.at(10),
        expected=Deployment.objects.in_workspace(acme),
    )

    assert changes() == [("RUNNING", "STOPPED")]


def test_unchanged_rows_are_neither_locked_nor_written(requests: Requests) -> None:
    with CaptureQueriesContext(connection) as asked:
        requests.list(10)
    words = {query["sql"].split()[0] for query in asked}
    assert words & {"INSERT", "UPDATE", "DELETE"} == set()
    assert [query["sql"] for query in asked if "FOR UPDATE" in query["sql"]] == []
