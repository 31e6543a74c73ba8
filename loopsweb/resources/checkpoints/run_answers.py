"""How old what is known of some runs' checkpoints is: some runs are asked about at each poll, the
others once in a while."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import CheckpointFeed
from loopsweb.resources.checkpoints.poll_plan import QUERIED_BY, CheckpointQuery
from loopsweb.resources.checkpoints.standing_plan import StandingPlan
from loopsweb.resources.runs.models import Run


class RunAnswer(NamedTuple):
    """as_of: when it was requested. is_seldom: whether not each poll asks for it again."""

    as_of: datetime
    is_seldom: bool


def find_oldest_answer(workspace: Workspace, runs: QuerySet[Run]) -> RunAnswer | None:
    """Of the newest answers about each of the runs, the oldest; in two queries.

    None if there is no run, or if one of them was never asked about."""
    listed = list(runs.values_list("remote_id", "base_model", "owner_email"))
    values = {value for run, model, _ in listed for value in (run, model)}
    feeds = CheckpointFeed.objects.filter(
        state__key__workspace=workspace, by__in=QUERIED_BY, value__in=values
    )
    newest: dict[str, RunAnswer] = {}
    for feed in feeds.exclude(as_of=None).select_related("state__key") if listed else ():
        answer = read_answer(feed)
        own = {"", feed.state.key.api_email}
        for run, model, owner in listed:
            if feed.value == (run if feed.by == "run_id" else model if owner in own else None):
                newest[run] = max(answer, newest.get(run, answer))
    return min(newest.values(), default=None) if len(newest) == len(listed) else None


def read_answer(feed: CheckpointFeed) -> RunAnswer:
    """The one stored, or a later one that said the same."""
    standing = StandingPlan.load(feed.state).list_feeds(feed.state)
    later = standing.get(CheckpointQuery(feed.by, feed.value))
    times = [one.as_of for one in (feed, later) if one and one.as_of]
    return RunAnswer(max(times), bool(standing) and later is None)
