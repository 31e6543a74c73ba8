from __future__ import annotations

from datetime import datetime

from loopsweb.accounts.models import Workspace
from loopsweb.keys.clients import build_client
from loopsweb.keys.models import Key
from loopsweb.resources.models import Run, Sampler
from loopsweb.resources.samplers import sync
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.simulator import Simulator
from tests.resources.rows import add_row


def test_a_sampler_gets_the_run_and_session_that_name_it(
    acme: Workspace, world: Simulator, key: Key, now: datetime
) -> None:
    for sampler_id in ("paired", "standalone"):
        world.world.add_sampler(id=sampler_id)
    add_row(Run, acme, "r1", sampler_remote_id="paired", session_remote_id="s1")

    poll = PollContext.for_key(key, now=now)
    store = sync.pull_samplers(build_client(key), poll=poll, known_digest="")
    assert store
    digest = store()

    rows = Sampler.objects.order_by("remote_id")
    assert list(rows.values_list("remote_id", "run_remote_id", "session_remote_id")) == [
        ("paired", "r1", "s1"),
        ("standalone", "", ""),
    ]
    assert sync.pull_samplers(build_client(key), poll=poll, known_digest=digest) is None


def test_a_sampler_that_the_api_does_not_know_keeps_its_row(
    acme: Workspace, world: Simulator, key: Key, now: datetime
) -> None:
    row = add_row(Sampler, acme, "gone", status="ACTIVE")

    found = sync.pull_sampler(build_client(key), "gone", poll=PollContext.for_key(key, now=now))

    row.refresh_from_db()
    assert (found, row.status) == (None, "ACTIVE")
