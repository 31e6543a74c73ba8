"""Two processes store the same change at the same moment."""

from __future__ import annotations

import time
from datetime import datetime
from threading import Thread

import pytest
from django.db import connection, transaction

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.loops_api import types
from loopsweb.resources.deployments import sync
from loopsweb.resources.models import Deployment
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.status_changes import StatusChange
from tests.resources.rows import add_row


def is_lock_awaited() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_change_stored_by_two_processes_is_recorded_once(
    acme: Workspace, key: Key, now: datetime
) -> None:
    add_row(Deployment, acme, "d1", status="RUNNING")
    stopped = types.Deployment(id="d1", status="STOPPED", raw={"id": "d1", "status": "STOPPED"})

    def store() -> None:
        sync.store_deployments([stopped], poll=PollContext.for_key(key, now=now))

    def store_in_thread() -> None:
        try:
            store()
        finally:
            connection.close()

    other = Thread(target=store_in_thread)
    with transaction.atomic():
        store()
        other.start()
        until = time.monotonic() + 10
        while not is_lock_awaited() and time.monotonic() < until:
            time.sleep(0.01)
    other.join(10)

    assert Deployment.objects.get().status == "STOPPED"
    assert list(StatusChange.objects.values_list("old", "new")) == [("RUNNING", "STOPPED")]
