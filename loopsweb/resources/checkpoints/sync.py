"""Checkpoints from the API, listed per run or per base model, to snapshot rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from loopsweb.loops_api import Client, errors, types
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.poll_plan import CheckpointQuery, select_asked
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import copy_columns, store_answer


@dataclass(frozen=True)
class Answer:
    """found: of one query. is_whole: False where more may be there."""

    found: tuple[types.Checkpoint, ...]
    digest: str = ""
    is_whole: bool = True


def pull_checkpoints(
    client: Client, query: CheckpointQuery, *, poll: PollContext, known_digest: str
) -> Answer | None:
    """List the checkpoints of one run or base model. A run that the API no longer knows has none.

    Returns None if nothing is new.
    """
    try:
        listing = client.list_checkpoints(**query.api_filter)
    except errors.NotFound:
        if query.by != "run_id" or is_run_listed(client, query.value, poll=poll):
            raise
        return Answer(())
    if listing.digest == known_digest:
        return None
    found = tuple(listing)
    # An object that could not be parsed may be any row, so then none is known to be missing.
    return Answer(found, listing.digest, is_whole=not listing.skipped)


def store_answers(answers: Mapping[CheckpointQuery, Answer], *, poll: PollContext) -> bool:
    """Store the answers to several queries. False when rows newer than these were left alone."""
    found = [one for answer in answers.values() for one in answer.found]
    whole = [query for query, answer in answers.items() if answer.is_whole]
    expected = select_asked(whole, poll=poll) if whole else None
    build = partial(copy_columns, Checkpoint)
    return store_answer(found, build, model=Checkpoint, poll=poll, expected=expected)


def store_checkpoint(found: types.Checkpoint, *, poll: PollContext) -> None:
    """Store the answer about one."""
    store_answer([found], partial(copy_columns, Checkpoint), model=Checkpoint, poll=poll)


def is_run_listed(client: Client, run_id: str, *, poll: PollContext) -> bool:
    return any(run.id == run_id for run in client.list_runs(run_id=run_id, scope=poll.scope))
