"""Stops that nobody here requested are recorded in few queries, however many there are."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext

from loopsweb.accounts.models import Workspace
from loopsweb.audit.chain.stored import verify_stored_chain
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.reconcile import record_ends
from loopsweb.resources.models import Deployment
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.status_changes import StatusChange
from tests.resources.rows import add_row


def test_many_stops_at_once(acme: Workspace, key: Key, now: datetime) -> None:
    poll = PollContext.for_key(key, now=now)
    counts = []
    for number in (1, 40):
        changes = []
        for n in range(number):
            row = add_row(Deployment, acme, f"dep-{number}-{n}", latest_run_remote_id=f"run-{n}")
            change = {"noun": "deployment", "field": "status", "old": "RUNNING", "new": "STOPPED"}
            change |= {"remote_id": row.remote_id}
            changes.append(StatusChange(workspace=acme, first_seen_new_at=now, **change))
        with CaptureQueriesContext(connection) as queries:
            record_ends(changes, poll=poll)
        counts.append(len(queries))
    assert counts[0] <= 10
    assert counts[1] <= 12  # SQLite inserts some 35 events in one statement
    stops = Event.objects.filter(action="deployment.stop", outcome="observed")
    assert stops.count() == 41
    assert {event.search.text.split("\n")[0] for event in stops} >= {"dep-1-0", "dep-40-39"}
    assert verify_stored_chain("acme").sequence == Event.objects.filter(workspace="acme").count()
