"""From the checkpoints the API lists, per run or per base model, to the rows of the snapshot."""

from __future__ import annotations

from loopsweb.loops_api import Client, types
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.plan import Question
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.store import keep


def pull(client: Client, question: Question, *, reading: Reading, known_digest: str) -> str:
    """Ask for the checkpoints of one run or base model and keep what is new; its digest."""
    listing = client.list_checkpoints(**question.api_filter)
    if listing.digest != known_digest and not keep(
        listing,
        row_of,
        model=Checkpoint,
        reading=reading,
        expected=reading.missable(question.rows(reading), listing),
        tracked=("sync_status",),
    ):
        return ""
    return listing.digest


def row_of(checkpoint: types.Checkpoint) -> Checkpoint:
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
