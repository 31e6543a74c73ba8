"""When a feed was answered without a pause. What lies between two periods was not observed.

The period that goes on is `PollState.observed_since` and the time of the feed's last answer, so an
answer that comes in time costs no row.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.snapshot.poll_state import PollState, name_organisation


class ObservedPeriod(models.Model):
    """since, until: its first and its last answer. organisation: all of which the key saw, "" for a
    key that saw its owner's alone."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    feed = models.CharField(max_length=20)
    key = models.ForeignKey(Key, null=True, on_delete=models.SET_NULL, related_name="+")
    organisation = models.TextField(blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        ordering = ["since", "pk"]
        indexes = [models.Index(fields=["workspace", "feed", "until"], name="observed_until")]

    def __str__(self) -> str:
        return f"{self.feed} until {self.until:%Y-%m-%d %H:%M}"


def build_period(state: PollState, feed: str, *, until: datetime) -> ObservedPeriod | None:
    """The period that goes on, as one that ends with the answer at `until`, unsaved."""
    begun = state.observed_since.get(feed)
    if begun is None:
        return None
    key = state.key
    return ObservedPeriod(
        workspace_id=key.workspace_id,
        feed=feed,
        key=key,
        organisation=name_organisation(key) if key.sees_organisation else "",
        since=datetime.fromisoformat(begun),
        until=until,
    )
