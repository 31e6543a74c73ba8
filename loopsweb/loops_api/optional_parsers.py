"""Parsers of what only newer servers answer. As in `parsers`: None means it has no identity."""

from __future__ import annotations

from typing import Any

from loopsweb.loops_api.fields import count, epoch_nanoseconds, flag, identifier, money, text
from loopsweb.loops_api.parsers import instance_type
from loopsweb.loops_api.types import (
    ApiKeyInfo,
    Identity,
    LogLine,
    Metrics,
    Price,
    SupportedModel,
)


def supported_model(value: Any) -> SupportedModel | None:
    if not isinstance(value, dict) or (name := identifier(value.get("model_name"))) is None:
        return None
    return SupportedModel(
        model_name=name,
        max_context_length=count(value.get("max_context_length")),
        supports_vision_language=flag(value.get("supports_vision_language")),
    )


def identity(value: Any) -> Identity | None:
    if not isinstance(value, dict):
        return None
    return Identity(
        user_id=identifier(value.get("user_id")),
        email=identifier(value.get("email")),
        name=text(value.get("name")),
        workspace_name=text(value.get("workspace_name")),
    )


def api_key_info(value: Any) -> ApiKeyInfo | None:
    if not isinstance(value, dict) or (prefix := identifier(value.get("prefix"))) is None:
        return None
    return ApiKeyInfo(prefix=prefix, name=text(value.get("name")), type=text(value.get("type")))


def price(value: Any) -> Price | None:
    if not isinstance(value, dict):
        return None
    kind, amount = instance_type(value.get("instance_type")), money(value.get("price"))
    if kind is None or amount is None:
        return None
    return Price(instance_type=kind, price_per_minute=amount)


def log_line(value: Any) -> LogLine | None:
    """A line without a time or a message is no line."""
    if not isinstance(value, dict):
        return None
    at, message = epoch_nanoseconds(value.get("timestamp")), text(value.get("message"))
    if at is None or message is None:
        return None
    return LogLine(
        at=at,
        message=message,
        replica=text(value.get("replica")),
        request_id=text(value.get("request_id")),
        level=text(value.get("level")),
    )


def metrics(value: Any) -> Metrics | None:
    if not isinstance(value, dict) or not isinstance(value.get("metrics"), dict):
        return None
    return Metrics(deployment_id=identifier(value.get("deployment_id")), metrics=value["metrics"])
