"""The rows that a removed key leaves: no answer lists them any more, unless another key's does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from loopsweb.keys.models import Key
from loopsweb.resources.checkpoints.models import CheckpointFeed
from loopsweb.resources.figures.refresh import refresh_everything
from loopsweb.resources.nouns import EVERY_NOUN
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.observed_periods import ObservedPeriod, build_period
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.store import lock_writers
from loopsweb.resources.snapshot.unknown_periods import mark_missing


def mark_rows_missing(key: Key, now: datetime, **_: Any) -> None:
    """Mark the key's rows missing, and have the workspace's other keys read every list anew.

    A poll that is going on with one of them loses its lease: it may have read its list before.
    """
    lock_writers(key.workspace)
    answered = PollState.objects.filter(key=key).first() or PollState()
    for noun in EVERY_NOUN:
        rows = noun.model._default_manager.filter(source_key=key, missing_since=None)
        as_of = Feed.load(answered, noun.feed).as_of
        mark_missing(rows, since=as_of or now, noticed_at=now)
    end_periods(key)
    others = PollState.objects.filter(key__workspace=key.workspace).exclude(key=key)
    CheckpointFeed.objects.filter(state__in=others).update(digest="")
    for state in others.select_for_update(of=("self",)).order_by("pk"):
        feeds = {name: feed | {"digest": ""} for name, feed in state.feeds.items()}
        PollState.objects.filter(pk=state.pk).update(
            feeds=feeds,
            checkpoint_plan={},
            leased_until=None,
            parked_until=None,
            next_poll_at=now,
        )
    refresh_everything(key.workspace)


def end_periods(key: Key) -> None:
    """Keep until when the key's feeds were answered; its poll state is deleted with it."""
    for state in PollState.objects.filter(key=key).select_related("key"):
        answered = {name: Feed.load(state, name).as_of for name in state.observed_since}
        periods = [build_period(state, name, until=at) for name, at in answered.items() if at]
        ObservedPeriod.objects.bulk_create([one for one in periods if one])
