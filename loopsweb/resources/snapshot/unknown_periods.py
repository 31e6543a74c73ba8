"""When the status of a thing was not known although the API answered: it was not listed, or listed
without a status. One that goes on is `unknown_since` of the row."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.db import models
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce

from loopsweb.accounts.models import Workspace
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.stored_rows import StoredRow

S = TypeVar("S", bound=Snapshot)


class UnknownPeriod(models.Model):
    """since: the first answer that did not say it. until: the first that did again."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    noun = models.CharField(max_length=20)
    remote_id = models.CharField(max_length=255)
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        ordering = ["since", "pk"]
        indexes = [
            models.Index(fields=["workspace", "noun", "remote_id"], name="unknown_of_thing"),
            models.Index(fields=["workspace", "until"], name="unknown_until"),
        ]

    def __str__(self) -> str:
        return f"{self.noun} {self.remote_id}: unknown until {self.until:%Y-%m-%d %H:%M}"


def keep_unknown_time(
    row: Snapshot, before: StoredRow | None, poll: PollContext
) -> list[UnknownPeriod]:
    """Note in the row since when its status is not known. Returns the period that ends with it."""
    earlier = before and before.unknown_since
    status = row.vocabulary is None or getattr(row, row.status_field)
    if not status or row.is_status_omitted:
        row.unknown_since = earlier or poll.now
        return []
    where = {"workspace": poll.workspace, "noun": row.noun, "remote_id": row.remote_id}
    return [UnknownPeriod(**where, since=earlier, until=poll.now)] if earlier else []


def mark_missing(rows: QuerySet[S], *, since: datetime, noticed_at: datetime) -> None:
    """since: the last answer that listed them, if there was one."""
    rows.update(missing_since=since, unknown_since=Coalesce(F("unknown_since"), Value(noticed_at)))
