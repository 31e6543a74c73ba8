"""What SQLite knows of its tables to choose an index."""

from __future__ import annotations

from typing import Any

from django.db import connection

from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Checkpoint
from loopsweb.resources.tasks import update_statistics
from tests.resources.rows import add_row


def test_sqlite_counts_how_often_values_occur_and_postgresql_is_left_alone(
    acme: Workspace, django_assert_num_queries: Any
) -> None:
    add_row(Checkpoint, acme, "c")
    is_sqlite = connection.vendor == "sqlite"
    with django_assert_num_queries(2 if is_sqlite else 0):
        update_statistics()
    if is_sqlite:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sqlite_stat1 WHERE idx = 'checkpoint_newest'")
            assert cursor.fetchone() == (1,)
