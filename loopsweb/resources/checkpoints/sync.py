"""Checkpoints from the API, listed per run or per base model, to snapshot rows."""

from __future__ import annotations

from functools import partial

from loopsweb.loops_api import Client, errors
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.poll_plan import CheckpointQuery
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import copy_columns, store_answer, store_list


def pull_checkpoints(
    client: Client, query: CheckpointQuery, *, poll: PollContext, known_digest: str
) -> str:
    """List the checkpoints of one run or base model and store what changed. Returns the digest.

    A run that the API no longer knows has none.
    """
    build, rows = partial(copy_columns, Checkpoint), query.rows(poll)
    try:
        listing = client.list_checkpoints(**query.api_filter)
    except errors.NotFound:
        if query.by != "run_id" or is_run_listed(client, query.value, poll=poll):
            raise
        store_answer((), build, model=Checkpoint, poll=poll, expected=poll.select_expected(rows))
        return ""
    return store_list(listing, build, known_digest=known_digest, rows=rows, poll=poll)


def is_run_listed(client: Client, run_id: str, *, poll: PollContext) -> bool:
    return any(run.id == run_id for run in client.list_runs(run_id=run_id, scope=poll.scope))
