"""A tick of the polling lane while nothing is due, with many keys beside few."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.utils import timezone

from bench import timing
from bench.figures import Figure
from bench.keys import LATER
from bench.sizes import Sizes
from loopsweb.accounts.models import User, Workspace, set_up_team
from loopsweb.keys.models import Key
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.viewers import record_viewer
from loopsweb.resources.worker.database_clock import DatabaseClock
from loopsweb.resources.worker.jobs import claim_polls, find_polls
from loopsweb.resources.worker.lanes import Lane

VIEWED = 10  # workspaces that somebody looks at


def measure(sizes: Sizes, *, api: str) -> Iterator[Figure]:
    few = measure_tick(sizes.few_waiting_keys, rounds=sizes.rounds, api=api)
    many = measure_tick(sizes.waiting_keys, rounds=sizes.rounds, api=api)
    name = f"tick with {sizes.waiting_keys:,} keys, none due ÷ with {sizes.few_waiting_keys:,}"
    yield Figure(name, many * 1000, few * 1000, 2)


def measure_tick(keys: int, *, rounds: int, api: str) -> float:
    """Seconds of CPU, with so many keys of which each has a workspace of its own."""
    add_waiting_keys(keys - PollState.objects.count(), api=api)
    for workspace in Workspace.objects.order_by("pk")[:VIEWED]:
        record_viewer(workspace)
    lane = Lane("polling", threads=1, hosts=1, find_jobs=find_polls, claim_jobs=claim_polls)
    try:
        return timing.measure_medians({"tick": lambda: lane.look(DatabaseClock())}, rounds=rounds)[
            "tick"
        ]
    finally:
        assert not lane.running, "a key was due"
        lane.close()


def add_waiting_keys(number: int, *, api: str) -> None:
    now = timezone.now()
    owner, _ = User.objects.get_or_create(email="owner@example.com")
    team = owner.teams.first() or set_up_team(name="Team", founder=owner)
    before = Workspace.objects.count()
    names = [f"workspace-{before + place}" for place in range(number)]
    workspaces = Workspace.objects.bulk_create(
        Workspace(team=team, slug=name, name=name) for name in names
    )
    keys = Key.objects.bulk_create(
        Key(workspace=one, owner=owner, name=one.name, api_url=api, sees_organisation=True)
        for one in workspaces
    )
    late = now + LATER  # so that it is not time either where somebody looks
    PollState.objects.bulk_create(
        PollState(key=key, next_poll_at=late, last_started_at=late) for key in keys
    )
    if connection.vendor == "postgresql":  # as autovacuum would within minutes
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
