"""Parsers of the undocumented routes' objects. As in `parsers`, None means no usable ID."""

from __future__ import annotations

from typing import Any

from loopsweb.loops_api import undocumented_types as types
from loopsweb.loops_api.field_parsers import (
    parse_amount,
    parse_boolean,
    parse_count,
    parse_epoch_nanoseconds,
    parse_identifier,
    parse_inner_text,
    parse_text,
    parse_texts,
    parse_timestamp,
)
from loopsweb.loops_api.parsers import parse_checkpoint_file, parse_instance_type


def parse_supported_model(value: Any) -> types.SupportedModel | None:
    if not isinstance(value, dict) or (name := parse_identifier(value.get("model_name"))) is None:
        return None
    return types.SupportedModel(
        model_name=name,
        max_seq_len=parse_count(value.get("max_seq_len")),
        max_enabled_seq_len=parse_count(value.get("max_enabled_seq_len")),
        max_context_length=parse_count(value.get("max_context_length")),
        supports_vision_language=parse_boolean(value.get("supports_vision_language")),
        enabled=value.get("enabled") is not False,
        serverless=parse_boolean(value.get("serverless")),
        enablement_details=parse_enablement(value.get("enablement_details")),
    )


def parse_enablement(value: Any) -> types.Enablement | None:
    if not isinstance(value, dict):
        return None
    return types.Enablement(
        reason=parse_text(value.get("reason")),
        reason_detail=parse_text(value.get("reason_detail")),
        remediation=parse_text(value.get("remediation")),
    )


def parse_source(value: Any) -> types.CheckpointSource | None:
    if not isinstance(value, dict) or (kind := parse_text(value.get("kind"))) is None:
        return None
    return types.CheckpointSource(
        kind=kind,
        volume_ref=parse_text(value.get("volume_ref")),
        path=parse_text(value.get("path")),
    )


def parse_deleted_checkpoint(value: Any) -> types.DeletedCheckpoint | None:
    if not isinstance(value, dict) or (id_ := parse_identifier(value.get("id"))) is None:
        return None
    return types.DeletedCheckpoint(
        id=id_,
        run_id=parse_identifier(value.get("run_id")),
        name=parse_text(value.get("checkpoint_id")),
        target=parse_text(value.get("target")),
        path=parse_text(value.get("path")),
    )


def parse_deleted_run(value: Any) -> types.DeletedRun | None:
    """`kept_checkpoints` may hold IDs or whole checkpoints."""
    if not isinstance(value, dict):
        return None
    get = value.get
    if (id_ := parse_identifier(get("id"), get("run_id"))) is None:
        return None
    kept = get("kept_checkpoints")
    ids = [
        parse_identifier(one.get("id") if isinstance(one, dict) else one)
        for one in (kept if isinstance(kept, list) else ())
    ]
    found = tuple(one for one in ids if one is not None)
    return types.DeletedRun(id=id_, kept_checkpoints=found, raw=value)


def parse_inference_deployment(value: Any) -> types.InferenceDeployment | None:
    if not isinstance(value, dict) or (id_ := parse_identifier(value.get("model_id"))) is None:
        return None
    return types.InferenceDeployment(
        model_id=id_, deployment_id=parse_identifier(value.get("deployment_id"))
    )


def parse_user_config(value: Any) -> types.UserConfig | None:
    if not isinstance(value, dict):
        return None
    return types.UserConfig(
        trainer_accelerator_priority=parse_texts(value.get("trainer_accelerator_priority")),
        sampler_accelerator_priority=parse_texts(value.get("sampler_accelerator_priority")),
    )


def parse_debug_archive_page(value: Any) -> types.DebugArchivePage | None:
    if not isinstance(value, dict) or not isinstance(urls := value.get("presigned_urls"), list):
        return None
    return types.DebugArchivePage(
        files=tuple(file for url in urls if (file := parse_checkpoint_file(url)) is not None),
        next_page_token=parse_text(value.get("next_page_token")),
    )


def parse_team(value: Any) -> types.Team | None:
    if not isinstance(value, dict) or (id_ := parse_identifier(value.get("id"))) is None:
        return None
    return types.Team(
        id=id_,
        name=parse_text(value.get("name")),
        is_default=parse_boolean(value.get("default")),
        created_at=parse_timestamp(value.get("created_at")),
    )


def parse_usage_summary(value: Any) -> types.UsageSummary | None:
    """The resources of every kind of usage that lists some."""
    if not isinstance(value, dict):
        return None
    parts = [value.get(name, "") for name in ("training_usage", "dedicated_usage")]
    breakdowns = [part.get("breakdown") for part in value.values() if isinstance(part, dict)]
    items = [item for part in breakdowns if isinstance(part, list) for item in part]
    resources = tuple(one for item in items if (one := parse_billed_resource(item)) is not None)
    is_listed = all(
        part is None or (isinstance(part, dict) and isinstance(part.get("breakdown"), list))
        for part in parts
    )
    is_whole = is_listed and len(resources) == len(items)
    return types.UsageSummary(resources=resources, raw=value, is_whole=is_whole)


def parse_billed_resource(value: Any) -> types.BilledResource | None:
    resource = value.get("billable_resource") if isinstance(value, dict) else None
    if not isinstance(resource, dict) or (id_ := parse_identifier(resource.get("id"))) is None:
        return None
    return types.BilledResource(
        id=id_,
        kind=parse_text(resource.get("kind")),
        name=parse_text(resource.get("name")),
        base_model=parse_text(resource.get("base_model")),
        team_name=parse_text(resource.get("team_name")),
        is_deleted=parse_boolean(resource.get("is_deleted")),
        subtotal=parse_amount(value.get("subtotal")),
        minutes=parse_count(value.get("minutes")),
    )


def parse_identity(value: Any) -> types.Identity | None:
    if not isinstance(value, dict):
        return None
    return types.Identity(
        user_id=parse_identifier(value.get("user_id")),
        email=parse_identifier(value.get("email")),
        name=parse_text(value.get("name")),
        workspace_name=parse_text(value.get("workspace_name")),
    )


def parse_api_key_info(value: Any) -> types.ApiKeyInfo | None:
    if not isinstance(value, dict) or (prefix := parse_identifier(value.get("prefix"))) is None:
        return None
    return types.ApiKeyInfo(
        prefix=prefix,
        name=parse_text(value.get("name")),
        type=parse_text(value.get("type")),
        team_name=parse_text(value.get("team_name")),
        owner_email=parse_inner_text(value.get("owner"), "email"),
        created_at=parse_timestamp(value.get("created_at")),
        last_used_at=parse_timestamp(value.get("last_used_at")),
    )


def parse_price(value: Any) -> types.Price | None:
    if not isinstance(value, dict):
        return None
    kind, amount = parse_instance_type(value.get("instance_type")), parse_amount(value.get("price"))
    if kind is None or amount is None:
        return None
    return types.Price(instance_type=kind, price_per_minute=amount)


def parse_log_line(value: Any) -> types.LogLine | None:
    """None without a time or a message."""
    if not isinstance(value, dict):
        return None
    at, message = parse_epoch_nanoseconds(value.get("timestamp")), parse_text(value.get("message"))
    if at is None or message is None:
        return None
    return types.LogLine(
        at=at,
        message=message,
        replica=parse_text(value.get("replica")),
        request_id=parse_text(value.get("request_id")),
        level=parse_text(value.get("level")),
    )


def parse_metrics(value: Any) -> types.Metrics | None:
    if not isinstance(value, dict) or not isinstance(value.get("metrics"), dict):
        return None
    return types.Metrics(
        deployment_id=parse_identifier(value.get("deployment_id")), metrics=value["metrics"]
    )
