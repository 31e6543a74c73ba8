"""Deletes rows whose retention time has passed, a batch at a time, so that nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

BATCH_SIZE = 500
MAX_BATCHES = 100  # a run; the rest is deleted at the next one


def find_cutoff(now: datetime) -> datetime | None:
    """Older rows are deleted. None if everything is kept."""
    days = settings.LOOPSWEB_RETENTION_DAYS
    return now - timedelta(days=days) if days else None


def delete_rows(
    rows: QuerySet[Any], *, also: Callable[[list[Any]], object] = lambda batch: None
) -> None:
    """Delete `rows`, each batch in its own transaction.

    also: deletes what belongs to a batch of them, in its transaction.
    """
    for _ in range(MAX_BATCHES):
        with transaction.atomic():
            batch = list(rows.order_by("pk").select_for_update()[:BATCH_SIZE])
            rows.model._default_manager.filter(pk__in=[row.pk for row in batch]).delete()
            also(batch)
        if len(batch) < BATCH_SIZE:
            break
