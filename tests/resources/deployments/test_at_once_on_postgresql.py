"""Two processes keep the same change at the same moment."""

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
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.status_changes import StatusChange
from tests.resources.rows import seen


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_change_kept_twice_at_once_is_told_once(acme: Workspace, key: Key, now: datetime) -> None:
    seen(Deployment, acme, "d1", status="RUNNING")
    stopped = types.Deployment(id="d1", status="STOPPED", raw={"id": "d1", "status": "STOPPED"})

    def keep() -> None:
        sync.keep_all([stopped], reading=Reading.by(key, now=now))

    def keep_elsewhere() -> None:
        try:
            keep()
        finally:
            connection.close()

    other = Thread(target=keep_elsewhere)
    with transaction.atomic():
        keep()
        other.start()
        until = time.monotonic() + 10
        while not somebody_waits() and time.monotonic() < until:
            time.sleep(0.01)
    other.join(10)

    assert Deployment.objects.get().status == "STOPPED"
    assert list(StatusChange.objects.values_list("old", "new")) == [("RUNNING", "STOPPED")]
