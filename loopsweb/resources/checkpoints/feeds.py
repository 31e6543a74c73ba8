"""The feeds of checkpoint queries: there are many, so they have rows of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields

from loopsweb.resources.checkpoints.models import CheckpointFeed
from loopsweb.resources.checkpoints.poll_plan import CheckpointQuery
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_state import PollState

FEED_FIELDS = [field.name for field in fields(Feed)]


def load_feeds(state: PollState) -> dict[CheckpointQuery, Feed]:
    rows = CheckpointFeed.objects.filter(state=state).values_list("by", "value", *FEED_FIELDS)
    return {
        CheckpointQuery(by, value): Feed(**dict(zip(FEED_FIELDS, values, strict=True)))
        for by, value, *values in rows.iterator(10_000)
    }


def store_feeds(
    state: PollState, feeds: Mapping[CheckpointQuery, Feed], *, drop: Iterable[CheckpointQuery]
) -> None:
    """Store `feeds` in one statement, delete the feeds of the queries to `drop`."""
    CheckpointFeed.objects.bulk_create(
        [
            CheckpointFeed(state=state, by=query.by, value=query.value, **asdict(feed))
            for query, feed in feeds.items()
        ],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["state", "by", "value"],
        update_fields=FEED_FIELDS,
    )
    for query in drop:
        CheckpointFeed.objects.filter(state=state, by=query.by, value=query.value).delete()
