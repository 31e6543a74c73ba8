"""What the questions about checkpoints last answered: many, so in rows of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields

from loopsweb.resources.checkpoints.models import CheckpointFeed
from loopsweb.resources.checkpoints.plan import Question
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_state import PollState

REMEMBERED = [field.name for field in fields(Feed)]


def of(state: PollState) -> dict[Question, Feed]:
    rows = CheckpointFeed.objects.filter(state=state).values_list("by", "value", *REMEMBERED)
    return {
        Question(by, value): Feed(**dict(zip(REMEMBERED, remembered, strict=True)))
        for by, value, *remembered in rows.iterator(10_000)
    }


def keep(state: PollState, asked: Mapping[Question, Feed], *, drop: Iterable[Question]) -> None:
    """Remember what was `asked`, in one statement; forget those to `drop`."""
    CheckpointFeed.objects.bulk_create(
        [
            CheckpointFeed(state=state, by=question.by, value=question.value, **asdict(feed))
            for question, feed in asked.items()
        ],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["state", "by", "value"],
        update_fields=REMEMBERED,
    )
    for question in drop:
        CheckpointFeed.objects.filter(state=state, by=question.by, value=question.value).delete()
