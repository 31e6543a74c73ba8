"""An answer about another ID is not used."""

from __future__ import annotations

from datetime import datetime

import pytest

from loopsweb.accounts.models import Workspace
from loopsweb.keys.clients import build_client
from loopsweb.keys.models import Key
from loopsweb.loops_api import errors
from loopsweb.resources.deactivations.targets import KINDS, Kind
from loopsweb.resources.models import Run
from loopsweb.resources.runs import sync as runs
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.simulator import Simulator
from tests.resources.rows import add_row

ENDED = {"id": "d2", "status": {"name": "STOPPED"}, "base_url": "https://d2.example.test"}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_answer_about_another_id_does_not_end_a_row(
    acme: Workspace, world: Simulator, key: Key, now: datetime, kind: Kind
) -> None:
    getattr(world.world, f"add_{kind.noun}")(id="d1", extra=ENDED)
    row = add_row(kind.model, acme, "d1", status="RUNNING")

    with pytest.raises(errors.MalformedResponse):
        kind.fetch_status(build_client(key), "d1", poll=PollContext.for_key(key, now=now))

    row.refresh_from_db()
    assert (row.status, kind.model.objects.count()) == ("RUNNING", 1)


def test_an_answer_about_another_id_does_not_set_the_base_url(
    acme: Workspace, world: Simulator, key: Key, now: datetime
) -> None:
    world.world.add_run(id="d1", extra=ENDED)
    row = add_row(Run, acme, "d1", source_key=key)

    with pytest.raises(errors.MalformedResponse):
        runs.pull_run_details(
            build_client(key), poll=PollContext.for_key(key, now=now), known_digest=""
        )

    row.refresh_from_db()
    assert (row.base_url, row.detailed_at) == ("", None)
