"""Parsers of the undocumented routes' objects. As in `parsers`, None means no usable ID."""

from __future__ import annotations

from typing import Any

from loopsweb.loops_api.field_parsers import (
    parse_amount,
    parse_boolean,
    parse_count,
    parse_epoch_nanoseconds,
    parse_identifier,
    parse_text,
)
from loopsweb.loops_api.parsers import parse_instance_type
from loopsweb.loops_api.types import ApiKeyInfo, Identity, LogLine, Metrics, Price, SupportedModel


def parse_supported_model(value: Any) -> SupportedModel | None:
    if not isinstance(value, dict) or (name := parse_identifier(value.get("model_name"))) is None:
        return None
    return SupportedModel(
        model_name=name,
        max_context_length=parse_count(value.get("max_context_length")),
        supports_vision_language=parse_boolean(value.get("supports_vision_language")),
    )


def parse_identity(value: Any) -> Identity | None:
    if not isinstance(value, dict):
        return None
    return Identity(
        user_id=parse_identifier(value.get("user_id")),
        email=parse_identifier(value.get("email")),
        name=parse_text(value.get("name")),
        workspace_name=parse_text(value.get("workspace_name")),
    )


def parse_api_key_info(value: Any) -> ApiKeyInfo | None:
    if not isinstance(value, dict) or (prefix := parse_identifier(value.get("prefix"))) is None:
        return None
    return ApiKeyInfo(
        prefix=prefix, name=parse_text(value.get("name")), type=parse_text(value.get("type"))
    )


def parse_price(value: Any) -> Price | None:
    if not isinstance(value, dict):
        return None
    kind, amount = parse_instance_type(value.get("instance_type")), parse_amount(value.get("price"))
    if kind is None or amount is None:
        return None
    return Price(instance_type=kind, price_per_minute=amount)


def parse_log_line(value: Any) -> LogLine | None:
    """None without a time or a message."""
    if not isinstance(value, dict):
        return None
    at, message = parse_epoch_nanoseconds(value.get("timestamp")), parse_text(value.get("message"))
    if at is None or message is None:
        return None
    return LogLine(
        at=at,
        message=message,
        replica=parse_text(value.get("replica")),
        request_id=parse_text(value.get("request_id")),
        level=parse_text(value.get("level")),
    )


def parse_metrics(value: Any) -> Metrics | None:
    if not isinstance(value, dict) or not isinstance(value.get("metrics"), dict):
        return None
    return Metrics(
        deployment_id=parse_identifier(value.get("deployment_id")), metrics=value["metrics"]
    )
