from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError

from loopsweb.accounts.models import Workspace
from loopsweb.keys.clients import build_client
from loopsweb.keys.models import Key
from loopsweb.resources.models import Run, Sampler
from loopsweb.resources.samplers import sync
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import rows_stored
from loopsweb.simulator import Simulator
from tests.resources.rows import add_row


def test_a_sampler_gets_the_run_and_session_that_name_it(
    acme: Workspace, world: Simulator, key: Key, now: datetime
) -> None:
    for sampler_id in ("paired", "standalone"):
        world.world.add_sampler(id=sampler_id)
    add_row(Run, acme, "r1", sampler_remote_id="paired", session_remote_id="s1")

    poll = PollContext.for_key(key, now=now)
    new = sync.pull_samplers(build_client(key), poll=poll, known_digest="")
    assert new
    digest = new.store()
    sync.pair_with_runs(poll=poll)

    rows = Sampler.objects.order_by("remote_id")
    assert list(rows.values_list("remote_id", "run_remote_id", "session_remote_id")) == [
        ("paired", "r1", "s1"),
        ("standalone", "", ""),
    ]
    assert sync.pull_samplers(build_client(key), poll=poll, known_digest=digest) is None


def test_of_many_samplers_only_those_that_a_run_names_are_read(
    acme: Workspace, key: Key, now: datetime, django_assert_num_queries: Any
) -> None:
    for n in range(3):
        add_row(Sampler, acme, f"s{n}")
    poll = PollContext.for_key(key, now=now)
    with django_assert_num_queries(1):
        sync.pair_with_runs(poll=poll)
    add_row(Run, acme, "r1", sampler_remote_id="s1", session_remote_id="named")
    sync.pair_with_runs(poll=poll)
    paired = Sampler.objects.exclude(run_remote_id="").values_list("remote_id", "search_text")
    assert list(paired) == [("s1", "s1\nr1\nnamed")]


def test_samplers_are_paired_with_their_figures_or_not_at_all(
    acme: Workspace, key: Key, now: datetime
) -> None:
    add_row(Sampler, acme, "s1")
    add_row(Run, acme, "r1", sampler_remote_id="s1")
    poll = PollContext.for_key(key, now=now)

    def fail(**_: Any) -> None:
        raise OperationalError("the database has gone")

    rows_stored.connect(fail)
    try:
        with pytest.raises(OperationalError):
            sync.pair_with_runs(poll=poll)
    finally:
        rows_stored.disconnect(fail)
    assert Sampler.objects.get().run_remote_id == ""
    sync.pair_with_runs(poll=poll)
    assert Sampler.objects.get().run_remote_id == "r1"


def test_a_sampler_that_the_api_does_not_know_keeps_its_row(
    acme: Workspace, world: Simulator, key: Key, now: datetime
) -> None:
    row = add_row(Sampler, acme, "gone", status="ACTIVE")

    found = sync.pull_sampler(build_client(key), "gone", poll=PollContext.for_key(key, now=now))

    row.refresh_from_db()
    assert (found, row.status) == (None, "ACTIVE")
