"""The fields of create requests, for the canonical and the legacy routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Required, TypedDict


class NewTrainer(TypedDict, total=False):
    """None is not sent: the server's default applies, which depends on server and model.

    max_seq_len: tokens. path: bt:// URI of a trainer checkpoint to resume from.
    From `name` on the fields are undocumented: not every server knows them.
    availability_model: dedicated or spot; as replicas, of dedicated capacity only.
    scope: `serverless` fails where there is no such capacity, `deployment` demands dedicated one.
    base_checkpoint: hf://org/repo[@revision], of trainers without a sampler only.
    reuse_from_session_id: deprecated in favour of reuse_from_run_id.
    """

    session_id: Required[str]
    base_model: Required[str]
    max_seq_len: int | None
    lora_rank: int | None
    seed: int | None
    scale_down_delay_seconds: int | None
    path: str | None
    name: str | None
    availability_model: str | None
    replicas: int | None
    reuse_from_run_id: str | None
    reuse_from_session_id: str | None
    scope: str | None
    base_checkpoint: str | None


class NewRun(NewTrainer, total=False):
    """sampler_num_replicas: of the paired sampler; undocumented."""

    sampler_num_replicas: int | None


class NewSampler(TypedDict, total=False):
    """None is not sent.

    base_model: required by documented servers; others take it from the run or the checkpoint.
    max_seq_length: tokens. model_path: bt:// URI of a sampler checkpoint to load.
    The rest is undocumented; for availability_model and scope see NewTrainer.
    run_id: the run that the sampler is attached to.
    """

    session_id: Required[str]
    base_model: str | None
    max_seq_length: int | None
    model_path: str | None
    run_id: str | None
    availability_model: str | None
    num_replicas: int | None
    reuse_from_session_id: str | None
    scope: str | None


class UserConfigChange(TypedDict, total=False):
    """GPU types, the preferred one first. None clears, what is absent stays."""

    trainer_accelerator_priority: list[str] | None
    sampler_accelerator_priority: list[str] | None


def omit_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
