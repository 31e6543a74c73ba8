"""How long a status usually lasts, from those that were observed from beginning to end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, OuterRef, Subquery

from loopsweb.resources.history.observation import compute_longest_wait
from loopsweb.resources.nouns import find_noun
from loopsweb.resources.snapshot.models import GPUHolder
from loopsweb.resources.snapshot.status_changes import StatusChange

FEWEST = 5  # fewer say nothing
MAX_THINGS = 500  # of the same model, the newest
SHARE = 95  # per cent


@dataclass(frozen=True)
class Lasting:
    """How long something has had its status. is_at_least: it was first seen with it.
    number: of earlier ones, SHARE per cent of which took at most `usual`; None if too few."""

    status: str
    length: timedelta
    is_at_least: bool
    number: int
    usual: timedelta | None
    share = SHARE

    @property
    def is_long(self) -> bool:
        return self.usual is not None and self.length > self.usual


def measure_status(row: GPUHolder, *, now: datetime) -> Lasting:
    """In two queries."""
    own = StatusChange.objects.filter(
        workspace=row.workspace_id, noun=row.noun, remote_id=row.remote_id, new=row.status
    )
    begun = own.values_list("first_seen_new_at", flat=True).first()
    lengths = sorted(find_lengths(row))
    usual = None
    if len(lengths) >= FEWEST:
        usual = lengths[math.ceil(len(lengths) * SHARE / 100) - 1]
    since = begun or row.first_seen_at
    return Lasting(row.status, now - since, begun is None, len(lengths), usual)


def find_lengths(row: GPUHolder) -> list[timedelta]:
    """How long others of the same model had this status, where both ends were seen in time."""
    alike = type(row)._default_manager.filter(workspace=row.workspace_id, base_model=row.base_model)
    newest = alike.exclude(pk=row.pk).order_by("-created_at", "-pk")[:MAX_THINGS]
    longest_wait = compute_longest_wait(find_noun(row).feed)
    changes = StatusChange.objects.filter(workspace=row.workspace_id, noun=row.noun)
    seen_in_time = {"last_seen_old_at__gte": F("first_seen_new_at") - longest_wait}
    before = changes.filter(
        remote_id=OuterRef("remote_id"),
        new=row.status,
        first_seen_new_at__lt=OuterRef("first_seen_new_at"),
        **seen_in_time,
    )
    ends = changes.filter(
        old=row.status,
        remote_id__in=list(newest.values_list("remote_id", flat=True)),
        **seen_in_time,
    ).annotate(begun=Subquery(before.values("first_seen_new_at")[:1]))
    times = ends.exclude(begun=None).values_list("begun", "first_seen_new_at")
    return [end - begun for begun, end in times]
