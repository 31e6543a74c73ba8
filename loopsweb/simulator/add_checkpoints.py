"""Putting checkpoints into the world, and taking them out again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from . import catalogue
from .checkpoint_entities import Checkpoint, StoredFile
from .entities import Run
from .store import Stock


def lora_adapter_config(base_model: str, rank: int) -> dict[str, Any]:
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


class AddCheckpoints(Stock):
    """A builder fills in what is not given. `extra` and `omit` bend the JSON: see Thing."""

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
        extra: Mapping[str, Any] | None = None,
        omit: Iterable[str] = (),
    ) -> Checkpoint:
        """A checkpoint of `run`; a trainer's holds the optimizer too and is three times as big."""
        model = catalogue.model_of(run.base_model)
        adapter = model.adapter_bytes * run.lora_rank // 64
        checkpoint = Checkpoint(
            id=id or self.new_id("chkpt_"),
            run=run,
            target=target,
            name=name,
            created_at=created_at or self.now,
            base_model=run.base_model,
            size_bytes=(adapter if target == "sampler" else 3 * adapter)
            if size_bytes is None
            else size_bytes,
            sync_status=sync_status,
            lora_adapter_config=lora_adapter_config(run.base_model, run.lora_rank),
            lora_config={"config_version": "v1", "targets": list(catalogue.ALL_MODULES)},
            node_count=node_count,
            files=files,
            extra=dict(extra or {}),
            omit=tuple(omit),
        )
        run.checkpoints.append(checkpoint)
        self.checkpoints[checkpoint.id] = checkpoint
        if expires_at is not None:
            self.expire(checkpoint, after=expires_at - self.now)
        return checkpoint

    def expire(self, checkpoint: Checkpoint, *, after: timedelta | None) -> None:
        """Let the checkpoint vanish after this time, or keep it for good."""
        checkpoint.expires_at = None if after is None else self.now + after
        if after is not None:
            due = self.now + after
            self.schedule.at(due, lambda: self._vanish(checkpoint, due))

    def _vanish(self, checkpoint: Checkpoint, due: datetime) -> None:
        if checkpoint.expires_at == due:
            self.remove_checkpoint(checkpoint)

    def remove_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Gone, as after a delete."""
        if self.checkpoints.pop(checkpoint.id, None) is not None:
            checkpoint.run.checkpoints.remove(checkpoint)
