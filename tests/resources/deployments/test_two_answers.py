"""Two answers about one deployment: the one asked for later holds, and a change is told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loopsweb.accounts.models import Workspace
from loopsweb.keys.clients import client_of
from loopsweb.keys.models import Key
from loopsweb.loops_api import types
from loopsweb.resources.deployments import sync
from loopsweb.resources.models import Deployment
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.store import keep
from loopsweb.simulator import Simulator


class Asking:
    """What was asked for so many seconds after the start, in whichever order it arrives."""

    def __init__(self, key: Key, world: Simulator, now: datetime) -> None:
        self.key, self.world, self.now = key, world, now

    def at(self, seconds: float) -> Reading:
        return Reading.by(self.key, now=self.now + timedelta(seconds=seconds))

    def list(self, seconds: float, *, known_digest: str = "") -> str:
        reading = self.at(seconds)
        return sync.pull(client_of(self.key), reading=reading, known_digest=known_digest)

    def one(self, seconds: float) -> None:
        sync.pull_one(client_of(self.key), "d1", reading=self.at(seconds))


@pytest.fixture
def asking(world: Simulator, key: Key, now: datetime) -> Asking:
    asking = Asking(key, world, now)
    world.world.add_deployment(id="d1", status="RUNNING")
    asking.list(0)
    return asking


def told() -> list[tuple[str, str]]:
    return list(StatusChange.objects.order_by("pk").values_list("old", "new"))


def is_now(status: str) -> bool:
    return Deployment.objects.filter(status=status, missing_since=None).count() == 1


def test_an_older_list_does_not_undo_a_newer_answer(asking: Asking) -> None:
    deployment = asking.world.world.deployments["d1"]
    deployment.status = "STOPPED"
    asking.one(20)
    deployment.status = "RUNNING"
    late = asking.list(10)
    assert is_now("STOPPED")
    assert late == ""

    deployment.status = "STOPPED"
    assert asking.list(30) != ""
    assert told() == [("RUNNING", "STOPPED")]


def test_an_older_list_does_not_miss_what_is_newer(asking: Asking) -> None:
    deployment = asking.world.world.deployments.pop("d1")
    asking.world.world.deployments["d1"] = deployment
    deployment.status = "DEPLOYING"
    asking.one(20)
    del asking.world.world.deployments["d1"]
    assert asking.list(10) == ""
    assert is_now("DEPLOYING")

    assert asking.list(30) != ""
    assert not is_now("DEPLOYING")


def test_what_a_wrong_clock_kept_does_not_stay(asking: Asking) -> None:
    asking.world.world.deployments["d1"].status = "DEPLOYING"
    asking.one(3600 * 24 * 365)
    asking.world.world.deployments["d1"].status = "RUNNING"
    assert asking.list(10) != ""
    assert is_now("RUNNING")


def test_what_was_kept_meanwhile_is_not_told_again(asking: Asking, acme: Workspace) -> None:
    found = types.Deployment(id="d1", status="STOPPED", raw={"id": "d1", "status": "STOPPED"})

    def arriving() -> Iterator[types.Deployment]:
        """After the rows were read: as another process that is a moment faster."""
        sync.keep_all([found], reading=asking.at(10))
        yield found

    keep(
        arriving(),
        sync.row_of,
        model=Deployment,
        reading=asking.at(10),
        expected=Deployment.objects.in_workspace(acme),
    )

    assert told() == [("RUNNING", "STOPPED")]


def test_what_is_unchanged_is_neither_held_nor_written(asking: Asking) -> None:
    with CaptureQueriesContext(connection) as asked:
        asking.list(10)
    words = {query["sql"].split()[0] for query in asked}
    assert words & {"INSERT", "UPDATE", "DELETE"} == set()
    assert [query["sql"] for query in asked if "FOR UPDATE" in query["sql"]] == []
