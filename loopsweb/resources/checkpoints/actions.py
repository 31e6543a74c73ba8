"""Setting when a checkpoint expires, and deploying one for inference."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from loopsweb.audit.durable import durable_transaction
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event, record_follow_up
from loopsweb.keys.clients import KeyClient
from loopsweb.keys.models import Key
from loopsweb.loops_api import errors
from loopsweb.loops_api.undocumented_types import InferenceDeployment
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.sync import store_checkpoint
from loopsweb.resources.pages.creation import record_failure
from loopsweb.resources.pages.idempotency import claim_submission
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.starts import record_start
from loopsweb.resources.snapshot.store import touch_version

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
        incident = record_asked(
            checkpoint,
            "checkpoint.set_expiry",
            asked={"ttl_seconds": seconds},
            key=key,
            by=by,
            now=clock(),
        )
    try:
        changed = key_client.client.set_checkpoint_ttl(checkpoint.remote_id, seconds)
    except errors.LoopsError as error:
        record_failure(incident, error, now=clock())
        raise
    answer = {"expires_at": changed.raw.get("expires_at")}
    record_follow_up(incident, outcome=Outcome.SUCCEEDED, answer=answer, now=clock())
    store_checkpoint(changed, poll=PollContext.for_key(key, now=clock()))


def deploy_checkpoint(
    checkpoint: Checkpoint,
    *,
    fields: dict[str, str],
    once: uuid.UUID,
    key_client: KeyClient,
    by: Actor,
    clock: Callable[[], datetime],
) -> InferenceDeployment:
    """Let a new model serve it. fields: of `deploy_checkpoints`, without the ids.

    Raises AlreadySubmitted when the form `once` was submitted before, or NotRecorded, then nothing
    was sent; or the LoopsError of the call, which is not repeated.
    """
    key, workspace = key_client.key, key_client.key.workspace
    with durable_transaction():
        claim_submission(workspace, once, now=clock())
        incident = record_asked(
            checkpoint, "checkpoint.deploy", asked=fields, key=key, by=by, now=clock()
        )
    try:
        deployed = key_client.client.deploy_checkpoints([checkpoint.remote_id], **fields)
    except errors.LoopsError as error:
        record_failure(incident, error, now=clock())
        raise
    answer = {"model_id": deployed.model_id, "deployment_id": deployed.deployment_id}
    record_follow_up(incident, outcome=Outcome.SUCCEEDED, answer=answer, now=clock())
    with transaction.atomic():
        record_start(workspace, "model", deployed.model_id, checkpoint.uri)
        touch_version(workspace)  # plans of what to delete follow from it
    return deployed


def record_asked(
    checkpoint: Checkpoint,
    action: str,
    *,
    asked: Mapping[str, Any],
    key: Key,
    by: Actor,
    now: datetime,
) -> uuid.UUID:
    """Record the event before the call. Returns its incident."""
    return record_event(
        **by,
        action=action,
        outcome=Outcome.REQUESTED,
        key_label=str(key),
        key_fingerprint=key.fingerprint,
        target_noun="checkpoint",
        target_id=checkpoint.remote_id,
        target_name=checkpoint.uri,
        answer={"asked": asked},
        now=now,
    ).incident
