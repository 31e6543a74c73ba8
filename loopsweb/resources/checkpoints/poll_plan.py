"""Plans the queries for checkpoints: the API lists them per run or base model, one at a time.

By base model it lists those of the key owner's own runs only. Active runs (live, or with a
checkpoint still SYNCING) are queried at every poll, by run or by base model, whichever takes fewer
calls; the others once in a while.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet

from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_context import PollContext

QUIET_INTERVAL = timedelta(minutes=2)
MAX_QUERIES = 500  # of one poll
URGENT_FOR_ONE = 3  # of the others
QUERIED_BY = ("run_id", "base_model")
NEVER = datetime.min.replace(tzinfo=UTC)


class CheckpointQuery(NamedTuple):
    by: str  # one of QUERIED_BY, as the API's query has it
    value: str

    @property
    def api_filter(self) -> dict[str, str]:
        return {self.by: self.value}


class Plan(NamedTuple):
    """every: all queries, which together cover every run. urgent: those that run at every poll.
    due: those to run now, in this order."""

    every: set[CheckpointQuery]
    urgent: set[CheckpointQuery]
    due: list[CheckpointQuery]


def plan_queries(*, poll: PollContext, feeds: Mapping[CheckpointQuery, Feed]) -> Plan:
    """The oldest answers are asked for anew first, and neither urgent queries nor the others keep
    each other from their turn. Those that failed the last time come last, shuffled: two timeouts
    end a poll, and this way they do not always cut off the same queries.

    When one of the others is due, those that soon will be run with it: so they come due together,
    and the oldest answer is a new one each time.
    """
    runs = load_runs_to_cover(poll)
    every = choose_queries(runs)
    active = find_active_runs(poll=poll)
    urgent = choose_queries({run: model for run, model in runs.items() if run in active})
    as_of = {query: feed.as_of or NEVER for query, feed in feeds.items()}
    long_ago = poll.now - QUIET_INTERVAL
    due = {query for query in every - urgent if as_of.get(query, NEVER) <= long_ago}
    if any(query not in feeds or not feeds[query].failing_since for query in due):
        soon = long_ago + QUIET_INTERVAL / 2
        due = {query for query in every - urgent if as_of.get(query, NEVER) <= soon}
    urgent_by_age, others_by_age = (
        sorted(queries, key=lambda query: (as_of.get(query, NEVER), query))
        for queries in (urgent, due)
    )
    in_order = put_failing_last(take_turns(urgent_by_age, others_by_age), feeds)
    return Plan(every | urgent, urgent, in_order[:MAX_QUERIES])


def take_turns(
    urgent: list[CheckpointQuery], others: list[CheckpointQuery]
) -> list[CheckpointQuery]:
    """URGENT_FOR_ONE urgent queries, then one of the others, as long as there are both."""
    turns = [(place // URGENT_FOR_ONE, 0, query) for place, query in enumerate(urgent)]
    turns += [(place, 1, query) for place, query in enumerate(others)]
    return [query for *_, query in sorted(turns, key=lambda turn: turn[:2])]


def put_failing_last(
    due: list[CheckpointQuery], feeds: Mapping[CheckpointQuery, Feed]
) -> list[CheckpointQuery]:
    failing = [one for one in due if one in feeds and feeds[one].failing_since]
    random.shuffle(failing)
    last = set(failing)
    return [one for one in due if one not in last] + failing


def load_runs_to_cover(poll: PollContext) -> dict[str, str]:
    """{run id: its base model if it is the key owner's own, else ""}.

    A run that vanished is covered as long as any of its checkpoints is listed: nobody else would
    tell that these are gone too.
    """
    listed = Checkpoint.objects.in_workspace(poll.workspace).filter(missing_since=None)
    has_listed = Q(remote_id__in=listed.values("run_remote_id"))
    runs = poll.select_expected(Run.objects.filter(has_listed | Q(missing_since=None)))
    return {
        run: model if owner in list_owner_filters(poll) else ""
        for run, model, owner in runs.values_list("remote_id", "base_model", "owner_email")
    }


def select_asked(
    queries: Collection[CheckpointQuery], *, poll: PollContext
) -> QuerySet[Checkpoint]:
    """The rows that answers should list: by base model only those of the key owner's own runs.

    In one condition, SQLite would look through all rows of the workspace for both."""
    runs = [query.value for query in queries if query.by == "run_id"]
    models = [query.value for query in queries if query.by == "base_model"]
    of_runs = poll.select_expected(Checkpoint.objects.filter(run_remote_id__in=runs))
    if not models:
        return of_runs
    workspace_runs = Run.objects.in_workspace(poll.workspace)
    own = workspace_runs.filter(owner_email__in=list_owner_filters(poll)).values("remote_id")
    of_models = Checkpoint.objects.filter(base_model__in=models, run_remote_id__in=own)
    return poll.select_expected(of_models).union(of_runs)


def list_owner_filters(poll: PollContext) -> set[str]:
    """`owner_email` of the key owner's runs. Older servers list no others and name no owner."""
    return {"", poll.key.api_email}


def choose_queries(runs: Mapping[str, str]) -> set[CheckpointQuery]:
    """The fewest queries that cover `runs`, {run id: base model to query by, or ""}."""
    models = {model for model in runs.values() if model}
    by_model = {run for run, model in runs.items() if model}
    if len(models) >= len(by_model):
        models, by_model = set(), set()
    by_run = {CheckpointQuery("run_id", run) for run in runs.keys() - by_model}
    return by_run | {CheckpointQuery("base_model", model) for model in models}


def find_active_runs(*, poll: PollContext) -> set[str]:
    """Runs that may save a checkpoint soon or are saving one. Unknown counts as active."""
    live = Deployment.objects.in_workspace(poll.workspace).exclude(status__in=DEPLOYMENT.terminal)
    syncing = Checkpoint.objects.in_workspace(poll.workspace).filter(sync_status="SYNCING")
    runs = Run.objects.in_workspace(poll.workspace).filter(
        Q(status="ACTIVE")
        | Q(remote_id__in=live.values("active_run_remote_id"))
        | Q(deployment_remote_id__in=live.values("remote_id"), status="")
        | Q(base_model__in=live.filter(latest_run_remote_id="").values("base_model"), status="")
        | Q(remote_id__in=syncing.values("run_remote_id"))
    )
    return set(runs.values_list("remote_id", flat=True))
