"""The fields of what can be made, written once for the canonical and the legacy routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Required, TypedDict


class NewRun(TypedDict, total=False):
    """None is not sent: the server's own default holds.

    max_seq_len: tokens, 131072 when not sent. lora_rank: 64 when not sent.
    scale_down_delay_seconds: 3600 when not sent, and at most that on newer servers.
    path: bt:// URI of a trainer checkpoint to resume from.
    The last four are understood by newer servers only.
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

    max_seq_length: tokens. model_path: bt:// URI of a sampler checkpoint to load at the start.
    """

    session_id: Required[str]
    base_model: Required[str]
    max_seq_length: int | None
    model_path: str | None


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
