"""An answer about another thing says nothing about the one asked about."""

from __future__ import annotations

from datetime import datetime

import pytest

from loopsweb.accounts.models import Workspace
from loopsweb.keys.clients import client_of
from loopsweb.keys.models import Key
from loopsweb.loops_api import errors
from loopsweb.resources.deactivations.targets import KINDS, Kind
from loopsweb.resources.models import Run
from loopsweb.resources.runs import sync as runs
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.simulator import Simulator
from tests.resources.rows import seen

ENDED = {"id": "d2", "status": {"name": "STOPPED"}, "base_url": "https://d2.example.test"}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_one_thing_is_not_ended_by_another(
    acme: Workspace, world: Simulator, key: Key, now: datetime, kind: Kind
) -> None:
    getattr(world.world, f"add_{kind.noun}")(id="d1", extra=ENDED)
    row = seen(kind.model, acme, "d1", status="RUNNING")

    with pytest.raises(errors.MalformedAnswer):
        kind.status_of(client_of(key), "d1", reading=Reading.by(key, now=now))

    row.refresh_from_db()
    assert (row.status, kind.model.objects.count()) == ("RUNNING", 1)


def test_a_run_takes_no_address_from_another(
    acme: Workspace, world: Simulator, key: Key, now: datetime
) -> None:
    world.world.add_run(id="d1", extra=ENDED)
    row = seen(Run, acme, "d1", source_key=key)

    with pytest.raises(errors.MalformedAnswer):
        runs.pull_details(client_of(key), reading=Reading.by(key, now=now), known_digest="")

    row.refresh_from_db()
    assert (row.base_url, row.detailed_at) == ("", None)
