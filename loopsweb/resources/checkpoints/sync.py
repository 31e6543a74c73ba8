"""Checkpoints from the API, listed per run or per base model, to snapshot rows."""

from __future__ import annotations

from functools import partial

from loopsweb.loops_api import Client
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.poll_plan import CheckpointQuery
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import copy_columns, store_list


def pull_checkpoints(
    client: Client, query: CheckpointQuery, *, poll: PollContext, known_digest: str
) -> str:
    """List the checkpoints of one run or base model and store what changed. Returns the digest."""
    listing = client.list_checkpoints(**query.api_filter)
    build, rows = partial(copy_columns, Checkpoint), query.rows(poll)
    return store_list(listing, build, known_digest=known_digest, rows=rows, poll=poll)
