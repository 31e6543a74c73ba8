"""What the undocumented routes answer, as frozen types: see types."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from loopsweb.loops_api.types import CheckpointFile, InstanceType


class Enablement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Why a model is not enabled. `reason` is one of an open set of words, such as needs_approval.

    reason_detail, remediation: sentences for people, what is the matter and what helps.
    """

    reason: str | None = None
    reason_detail: str | None = None
    remediation: str | None = None


class SupportedModel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """max_seq_len: the longest sequence in tokens that the API supports for this model.

    max_enabled_seq_len: the longest that this organisation may use; 0: none.
    max_context_length: what older servers say instead of max_seq_len.
    enabled: False if the API says so. enablement_details: only of models that are not enabled.
    """

    model_name: str
    max_seq_len: int | None = None
    max_enabled_seq_len: int | None = None
    max_context_length: int | None = None
    supports_vision_language: bool | None = None
    enabled: bool = True
    serverless: bool | None = None
    enablement_details: Enablement | None = None

    @property
    def longest(self) -> int | None:
        """The longest sequence in tokens that a run can be created with. None: unknown."""
        given = (self.max_enabled_seq_len, self.max_seq_len, self.max_context_length)
        return next((length for length in given if length is not None), None)


class CheckpointSource(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """kind: `s3`: its files have presigned URLs. `volume`: `volume_ref` and `path` say where."""

    kind: str
    volume_ref: str | None = None
    path: str | None = None


class DeletedCheckpoint(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`name` is the API's `checkpoint_id`; `path` the bt:// URI that was its own."""

    id: str
    run_id: str | None = None
    name: str | None = None
    target: str | None = None
    path: str | None = None


class DeletedRun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """kept_checkpoints: IDs of those that are still in use and were not deleted."""

    id: str
    kept_checkpoints: tuple[str, ...] = ()
    raw: dict[str, Any]


class InferenceDeployment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A model that serves checkpoints. It has nothing to do with a Loops deployment."""

    model_id: str
    deployment_id: str | None = None


class UserConfig(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """GPU types, the preferred one first. None: the organisation's own order applies."""

    trainer_accelerator_priority: tuple[str, ...] | None = None
    sampler_accelerator_priority: tuple[str, ...] | None = None


class DebugArchivePage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """next_page_token: None for the last page."""

    files: tuple[CheckpointFile, ...]
    next_page_token: str | None = None


class LogLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    at: datetime
    message: str
    replica: str | None = None
    request_id: str | None = None
    level: str | None = None


class Metrics(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`metrics` is the API's own object of series."""

    deployment_id: str | None = None
    metrics: dict[str, Any]


class Identity(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The user of a key."""

    user_id: str | None = None
    email: str | None = None
    name: str | None = None
    workspace_name: str | None = None


class ApiKeyInfo(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`prefix` is the part of a key before its dot; `type` is PERSONAL, ROUTES, WORKSPACE_….

    owner_email: only of personal keys.
    """

    prefix: str
    name: str | None = None
    type: str | None = None
    team_name: str | None = None
    owner_email: str | None = None
    created_at: datetime | None = None
    last_used_at: datetime | None = None


class Team(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    id: str
    name: str | None = None
    is_default: bool | None = None
    created_at: datetime | None = None


class Price(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`price_per_minute` is in US dollars."""

    instance_type: InstanceType
    price_per_minute: Decimal


class BilledResource(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one resource cost, in US dollars. kind: LOOPS_TRAINER, LOOPS_SAMPLER, …"""

    id: str
    kind: str | None = None
    name: str | None = None
    base_model: str | None = None
    team_name: str | None = None
    is_deleted: bool | None = None
    subtotal: Decimal | None = None
    minutes: int | None = None


class UsageSummary(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was billed. `raw` has the totals. is_whole: training and dedicated usage both list what
    they are for, or are null, and all of that could be read."""

    resources: tuple[BilledResource, ...]
    raw: dict[str, Any]
    is_whole: bool = True
