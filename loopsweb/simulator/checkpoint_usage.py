"""What a checkpoint is used for, which keeps it from being deleted."""

from __future__ import annotations

from loopsweb.simulator.entities import Checkpoint
from loopsweb.simulator.store import Store

ENDED_STATUSES = ("INACTIVE", "DEACTIVATING", "FAILED")


def find_use(store: Store, checkpoint: Checkpoint) -> str | None:
    """What uses the checkpoint, as the end of a sentence; None if nothing does."""
    if checkpoint.sync_status == "SYNCING":
        return "is still being saved"
    if checkpoint.merging:
        return "takes part in an unfinished merge"
    for model_id, served in store.served_checkpoints.items():
        if checkpoint.id in served:
            return f"is deployed as model {model_id!r}"
    named = checkpoint.uri.removeprefix("bt://loops")
    for sampler in store.samplers.values():
        if sampler.status not in ENDED_STATUSES and (sampler.model_path or "").endswith(named):
            return f"is served by sampler {sampler.id!r}"
    for run in store.runs.values():
        if run.status == "ACTIVE" and (run.path or "").endswith(named):
            return f"is what run {run.id!r} started from"
    return None
