"""Adds checkpoints to the world, expires and removes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Unpack

from loopsweb.simulator import catalogue
from loopsweb.simulator.checkpoint_usage import find_use
from loopsweb.simulator.entities import Checkpoint, Overrides, Run, StoredFile
from loopsweb.simulator.store import Store

EXPIRY_DELAY, USE_DELAY = timedelta(hours=6), timedelta(hours=24)


def build_adapter_config(base_model: str, rank: int) -> dict[str, Any]:
    """The adapter_config.json that a checkpoint of this rank carries."""
    return {
        "base_model_name_or_path": base_model,
        "bias": "none",
        "lora_alpha": 2 * rank,
        "lora_dropout": 0.0,
        "peft_type": "LORA",
        "r": rank,
        "target_modules": list(catalogue.ALL_MODULES),
        "task_type": "CAUSAL_LM",
    }


class CheckpointBuilder(Store):
    """Fields that are not given get defaults. For `extra` and `omit` see Entity."""

    def add_checkpoint(
        self,
        *,
        run: Run,
        id: str | None = None,  # noqa: A002
        name: str = "step-100",
        target: str = "trainer",
        created_at: datetime | None = None,
        size_bytes: int | None = None,
        sync_status: str | None = "COMPLETE",
        expires_at: datetime | None = None,
        node_count: int = 1,
        files: list[StoredFile] | None = None,
        volume_ref: str | None = None,
        **overrides: Unpack[Overrides],
    ) -> Checkpoint:
        """Add a checkpoint of `run`. A trainer's has optimizer state: three times the size."""
        model = catalogue.get_model(run.base_model)
        adapter_size = model.adapter_bytes * run.lora_rank // 64
        usual_size = adapter_size if target == "sampler" else 3 * adapter_size
        checkpoint = Checkpoint(
            id=id or self.generate_id("chkpt_"),
            run=run,
            target=target,
            name=name,
            created_at=created_at or self.now,
            base_model=run.base_model,
            size_bytes=usual_size if size_bytes is None else size_bytes,
            sync_status=sync_status,
            lora_adapter_config=build_adapter_config(run.base_model, run.lora_rank),
            lora_config={"config_version": "v1", "targets": list(catalogue.ALL_MODULES)},
            node_count=node_count,
            files=files,
            volume_ref=volume_ref,
            **overrides,
        )
        run.checkpoints.append(checkpoint)
        self.checkpoints[checkpoint.id] = checkpoint
        if expires_at is not None:
            self.expire_checkpoint(checkpoint, after=expires_at - self.now)
        return checkpoint

    def expire_checkpoint(self, checkpoint: Checkpoint, *, after: timedelta | None) -> None:
        """Let the checkpoint expire after this time; with None keep it for good.

        It is removed some hours after it expired, or 24 hours after it was last found in use.
        """
        due = checkpoint.expires_at = None if after is None else self.now + after

        def remove_if_unused() -> None:
            if checkpoint.expires_at != due:
                return
            if find_use(self, checkpoint) is None:
                self.remove_checkpoint(checkpoint)
            else:
                self.schedule.add_event(self.now + USE_DELAY, remove_if_unused)

        if due is not None:
            self.schedule.add_event(due + EXPIRY_DELAY, remove_if_unused)

    def delete_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Remove the checkpoint and remember that it was deleted."""
        self.remove_checkpoint(checkpoint)
        self.deleted_checkpoints[checkpoint.id] = checkpoint

    def remove_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Remove the checkpoint, as its expiry does."""
        if self.checkpoints.pop(checkpoint.id, None) is not None:
            checkpoint.run.checkpoints.remove(checkpoint)
