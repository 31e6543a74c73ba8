"""The fields of create requests, for the canonical and the legacy routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Required, TypedDict


class NewRun(TypedDict, total=False):
    """None is not sent: the server's default applies.

    max_seq_len: tokens, default 131072. lora_rank: default 64.
    scale_down_delay_seconds: default 3600, which is the maximum where the last four are known.
    path: bt:// URI of a trainer checkpoint to resume from.
    The last four are undocumented: not every server knows them.
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


class NewSampler(TypedDict, total=False):
    """None is not sent.

    max_seq_length: tokens. model_path: bt:// URI of a sampler checkpoint to load.
    """

    session_id: Required[str]
    base_model: Required[str]
    max_seq_length: int | None
    model_path: str | None


def omit_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
