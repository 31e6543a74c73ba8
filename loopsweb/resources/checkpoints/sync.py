"""Checkpoints from the API, listed per run or per base model, to snapshot rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.db.models import QuerySet

from loopsweb.loops_api import Client, errors, types
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.poll_plan import CheckpointQuery
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import copy_columns, store_answer, store_list


def pull_checkpoints(
    client: Client, query: CheckpointQuery, *, poll: PollContext, known_digest: str
) -> Callable[[], str] | None:
    """List the checkpoints of one run or base model. A run that the API no longer knows has none.

    Returns what stores the answer and returns its digest.
    """
    build = partial(copy_columns, Checkpoint)
    try:
        listing = client.list_checkpoints(**query.api_filter)
    except errors.NotFound:
        if query.by != "run_id" or is_run_listed(client, query.value, poll=poll):
            raise
        return partial(store_none, build, rows=query.rows(poll), poll=poll)
    if listing.digest == known_digest:
        return None
    return partial(store_list, listing, build, rows=query.rows(poll), poll=poll)


def store_checkpoint(found: types.Checkpoint, *, poll: PollContext) -> None:
    """Store the answer about one."""
    store_answer([found], partial(copy_columns, Checkpoint), model=Checkpoint, poll=poll)


def store_none(
    build: Callable[[types.Checkpoint], Checkpoint],
    *,
    rows: QuerySet[Checkpoint],
    poll: PollContext,
) -> str:
    expected = poll.select_expected(rows)
    nothing: tuple[types.Checkpoint, ...] = ()
    store_answer(nothing, build, model=Checkpoint, poll=poll, expected=expected)
    return ""


def is_run_listed(client: Client, run_id: str, *, poll: PollContext) -> bool:
    return any(run.id == run_id for run in client.list_runs(run_id=run_id, scope=poll.scope))
