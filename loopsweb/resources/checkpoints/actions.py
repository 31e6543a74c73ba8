"""Setting when a checkpoint expires."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from loopsweb.audit.durable import durable_transaction
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event, record_follow_up
from loopsweb.keys.clients import KeyClient
from loopsweb.loops_api import errors
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.sync import store_checkpoint
from loopsweb.resources.pages.creation import record_failure
from loopsweb.resources.snapshot.poll_context import PollContext

DAY = int(timedelta(days=1).total_seconds())


def set_expiry(
    checkpoint: Checkpoint,
    *,
    days: int | None,
    key_client: KeyClient,
    by: Actor,
    clock: Callable[[], datetime],
) -> None:
    """Let it expire `days` from now, or keep it. `clock` returns aware times in UTC.

    Raises NotRecorded, then nothing was sent, or the LoopsError of the call, which is not repeated.
    """
    key, seconds = key_client.key, None if days is None else days * DAY
    with durable_transaction():
        incident = record_event(
            **by,
            action="checkpoint.set_expiry",
            outcome=Outcome.REQUESTED,
            key_label=str(key),
            key_fingerprint=key.fingerprint,
            target_noun="checkpoint",
            target_id=checkpoint.remote_id,
            target_name=checkpoint.uri,
            answer={"asked": {"ttl_seconds": seconds}},
            now=clock(),
        ).incident
    try:
        changed = key_client.client.set_checkpoint_ttl(checkpoint.remote_id, seconds)
    except errors.LoopsError as error:
        record_failure(incident, error, now=clock())
        raise
    answer = {"expires_at": changed.raw.get("expires_at")}
    record_follow_up(incident, outcome=Outcome.SUCCEEDED, answer=answer, now=clock())
    store_checkpoint(changed, poll=PollContext.for_key(key, now=clock()))
