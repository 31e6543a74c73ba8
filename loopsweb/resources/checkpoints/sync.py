"""Checkpoints from the API, listed per run or per base model, to snapshot rows."""

from __future__ import annotations

from loopsweb.loops_api import Client, types
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.poll_plan import CheckpointQuery
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import store_answer


def pull_checkpoints(
    client: Client, query: CheckpointQuery, *, poll: PollContext, known_digest: str
) -> str:
    """List the checkpoints of one run or base model and store what changed. Returns the digest."""
    listing = client.list_checkpoints(**query.api_filter)
    if listing.digest != known_digest and not store_answer(
        listing,
        build_row,
        model=Checkpoint,
        poll=poll,
        expected=poll.select_expected_in(query.rows(poll), listing),
        tracked=("sync_status",),
    ):
        return ""
    return listing.digest


def build_row(checkpoint: types.Checkpoint) -> Checkpoint:
    return Checkpoint(
        run_remote_id=checkpoint.run_id or "",
        target=checkpoint.target or "",
        name=checkpoint.name or "",
        created_at=checkpoint.created_at,
        checkpoint_type=checkpoint.checkpoint_type or "",
        base_model=checkpoint.base_model or "",
        size_bytes=checkpoint.size_bytes,
        sync_status=checkpoint.sync_status or "",
        expires_at=checkpoint.expires_at,
        raw=checkpoint.raw,
    )
